import { GraphQLScalarType, Kind, type ObjectValueNode, type ValueNode } from 'graphql';
import { badInput } from '../../errors/app-error.js';
import { LongFraction, readFraction } from '../../values/lossless-json.js';
import { withMinusZero } from '../../values/minus-zero.js';

type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

export const JSONObject = new GraphQLScalarType<JsonObject, JsonObject>({
  name: 'JSONObject',
  description:
    'A JSON object with values of any JSON type. Integers beyond 2^53, and fractions with more digits than a double ' +
    'holds, must be strings.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => withMinusZero(value) as JsonObject,
  parseValue: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notAnObject();
    checkNumbers(value);
    return value as JsonObject;
  },
  parseLiteral: (node, variables) => {
    if (node.kind !== Kind.OBJECT) throw notAnObject();
    return parseObject(node, variables ?? {});
  },
});

function notAnObject(): Error {
  return badInput('A JSONObject is an object such as {"team": "risk"}.');
}

function wholeNumber(digits: string): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) throw badInput(`Send whole numbers beyond 2^53 as strings: "${digits}".`);
  return value;
}

function fractionalNumber(digits: string): number {
  const value = readFraction(digits);
  if (!(value instanceof LongFraction)) return value;
  finiteNumber(value.value, digits);
  throw longFraction(value);
}

function longFraction({ digits, value }: LongFraction): Error {
  const shown = digits.length > 50 ? `${digits.slice(0, 50)}…` : digits;
  return badInput(`Send ${shown} with fewer digits or as a string. JSON readers round it to ${value}.`);
}

/** JSON.parse reads 1e400 as Infinity. JSON cannot represent Infinity. */
function finiteNumber(value: number, text: string): number {
  if (!Number.isFinite(value)) throw badInput(`${text} is beyond the range of a double. Send it as a string.`);
  return value;
}

function checkNumbers(value: unknown): void {
  if (value instanceof LongFraction) throw longFraction(value);
  if (typeof value === 'number') finiteNumber(value, 'A number');
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(checkNumbers);
}

/** Object.fromEntries defines own properties, so a field named __proto__ is data like any other. */
function parseObject(node: ObjectValueNode, variables: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(node.fields.map((field) => [field.name.value, parseValue(field.value, variables)]));
}

function parseValue(node: ValueNode, variables: Readonly<Record<string, unknown>>): Json {
  switch (node.kind) {
    case Kind.OBJECT:
      return parseObject(node, variables);
    case Kind.LIST:
      return node.values.map((value) => parseValue(value, variables));
    case Kind.INT:
      return wholeNumber(node.value);
    case Kind.FLOAT:
      return fractionalNumber(node.value);
    case Kind.NULL:
      return null;
    case Kind.VARIABLE:
      return (variables[node.name.value] ?? null) as Json;
    default:
      return node.value;
  }
}
