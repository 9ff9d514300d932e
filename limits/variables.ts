import {
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
  Kind,
  typeFromAST,
  type DocumentNode,
  type GraphQLSchema,
  type GraphQLType,
} from 'graphql';
import { badInput } from '../errors/app-error.js';
import { appendPath, inputPathOfVariable } from '../errors/input-path.js';
import { QUERY_LIMITS } from './query-limits.js';
import { REQUEST_LIMITS } from './request-limits.js';

type Key = string | number;

/** A number with a fraction that JSON readers round to a whole number (request-json.ts makes it): 9007199254740991.4. */
export class RoundedFraction {
  constructor(
    readonly digits: string,
    readonly value: number,
  ) {}
}

/**
 * Refuses invalid variables before any other code reads them. Deeply nested variables would overflow the stack, because
 * scalars and the cost recurse once per level. A whole number that a JavaScript number cannot represent
 * (request-json.ts reads it as bigint) would be rounded and would name another entity, and so would a RoundedFraction.
 * JSON.parse reads a number beyond all doubles as Infinity.
 */
export function checkVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(variables)) {
    const fault = findFault(value, QUERY_LIMITS.maxNesting);
    if (!fault) continue;
    const path = inputPathOfVariable(document, name);
    const keys = existingKeys(typeOfVariable(schema, document, name), fault.keys ?? []);
    throw badInput(fault.message, path && appendPath(path, keys));
  }
}

function typeOfVariable(schema: GraphQLSchema, document: DocumentNode, name: string): GraphQLType | undefined {
  const definition = document.definitions
    .flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? (one.variableDefinitions ?? []) : []))
    .find(({ variable }) => variable.name.value === name);
  return definition && typeFromAST(schema, definition.type);
}

/** The first keys that exist in the type: an ID has no fields, even if an object is sent for it. */
function existingKeys(type: GraphQLType | undefined, keys: readonly Key[]): readonly Key[] {
  const [key, ...rest] = keys;
  if (key === undefined || type === undefined) return [];
  if (isNonNullType(type)) return existingKeys(type.ofType, keys);
  if (isListType(type)) {
    // A value that is no list is a list of one.
    return typeof key === 'number' ? [key, ...existingKeys(type.ofType, rest)] : existingKeys(type.ofType, keys);
  }
  if (isInputObjectType(type)) {
    const field = typeof key === 'string' ? type.getFields()[key] : undefined;
    return field ? [key, ...existingKeys(field.type, rest)] : [];
  }
  return isScalarType(type) && HOLD_OBJECTS.has(type.name) ? keys : [];
}

/** The scalars that hold any JSON. */
const HOLD_OBJECTS = new Set(['JSONObject', 'FeatureScalar']);

/** What is wrong with a string in a request. */
export function longString({ length }: string): string {
  return `The text has ${length} characters. A string in a request has at most ${REQUEST_LIMITS.maxStringLength}.`;
}

interface Fault {
  readonly message: string;
  /** The location in the variable; null when the path would be longer than the message. */
  readonly keys: readonly Key[] | null;
}

function findFault(value: unknown, levels: number): Fault | undefined {
  if (typeof value === 'bigint') {
    return {
      message: `Send whole numbers beyond 2^53 as strings: "${clip(value)}". JSON readers round them.`,
      keys: [],
    };
  }
  if (value instanceof RoundedFraction) {
    const { digits, value: rounded } = value;
    return {
      message: `Send ${clip(digits)} with fewer digits or as a string. JSON readers round it to ${rounded}.`,
      keys: [],
    };
  }
  if (typeof value === 'string' && value.length > REQUEST_LIMITS.maxStringLength) {
    return { message: longString(value), keys: [] };
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { message: 'A number is beyond the range of a double. Send it as a string.', keys: [] };
  }
  if (typeof value !== 'object' || value === null || isLeaf(value)) return undefined;
  if (levels === 0) {
    return { message: `The variable is nested deeper than ${QUERY_LIMITS.maxNesting} levels.`, keys: null };
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const fault = findFault(value[index], levels - 1);
      if (fault) return within(index, fault);
    }
    return undefined;
  }
  for (const key in value) {
    const fault = findFault((value as Record<string, unknown>)[key], levels - 1);
    if (fault) return within(key, fault);
  }
  return undefined;
}

/** A number that keeps its digits (request-json.ts makes it): each scalar takes it or refuses it. */
function isLeaf(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== Object.prototype && prototype !== null && !Array.isArray(value);
}

/** The digits of a number; a body may have a million of them. */
function clip(number: bigint | string): string {
  const digits = String(number);
  return digits.length > 50 ? `${digits.slice(0, 50)}…` : digits;
}

function within(key: Key, { message, keys }: Fault): Fault {
  return { message, keys: keys && [key, ...keys] };
}
