import { parseInstant, type Instant } from '../../../values/instant.js';
import type { RawValue, ValueParsers } from '../../../values/value-type.js';
import type { PredictionFailure, PredictionOutcome } from '../model-serving.js';
import type { Model, ModelField } from '../../../datasources/registry/prediction-model.js';
import {
  eachElement,
  parseInt64,
  toBoolean,
  toDouble,
  toInt64,
  toStruct,
  toText,
} from '../../../values/convert-value.js';

/**
 * What a server answered for one instance, by the model's outputs. An object has them by name, and what else is in it is
 * kept; a plain value is the only output; {"error": text} says that this instance has no prediction.
 */
export function fromJson({ outputs }: Model, answer: unknown): PredictionOutcome {
  const isObject = typeof answer === 'object' && answer !== null && !Array.isArray(answer);
  if (isObject && 'error' in answer && !outputs.some(({ name }) => name === 'error')) return failed(answer.error);
  if (!isObject && outputs.length > 1) return invalid(`is no object, but the model has ${outputs.length} outputs`);
  const fields = (isObject ? answer : { [outputs[0]!.name]: answer }) as Readonly<Record<string, unknown>>;
  const named = new Map(Object.entries(fields) as [string, RawValue | null][]);
  for (const output of outputs) {
    if (!named.has(output.name)) return invalid(`has no "${output.name}"`);
    const value = parseValue(output, fields[output.name]);
    if (value === undefined) return invalid(`has a "${output.name}" that is no ${output.valueType}`);
    named.set(output.name, value);
  }
  return { kind: 'prediction', prediction: Object.fromEntries(named) };
}

/** The reason is the server's and goes to the client: of a reasonable length, and only text. */
function failed(reason: unknown): PredictionFailure {
  const message = typeof reason === 'string' ? reason.slice(0, 300) : "The model's server gave no reason.";
  return { kind: 'failure', code: 'INSTANCE_REFUSED', message };
}

function invalid(fault: string): PredictionFailure {
  return { kind: 'failure', code: 'INVALID_PREDICTION', message: `The prediction ${fault}.` };
}

function parseValue({ valueType }: ModelField, value: unknown): RawValue | null | undefined {
  return value === null ? null : PARSERS[valueType](value);
}

/** The other way of instance-json.ts. */
const PARSERS = {
  BOOL: toBoolean,
  BOOL_ARRAY: eachElement(toBoolean),
  DOUBLE: parseDouble,
  DOUBLE_ARRAY: eachElement(parseDouble),
  INT64: parseInteger,
  INT64_ARRAY: eachElement(parseInteger),
  STRING: toText,
  STRING_ARRAY: eachElement(toText),
  BYTES: parseBytes,
  STRUCT: toStruct,
  TIMESTAMP: (value) => (typeof value === 'string' ? instant(value) : undefined),
} satisfies ValueParsers<unknown>;

function parseDouble(value: unknown): number | undefined {
  return typeof value === 'string' ? NOT_FINITE.get(value) : toDouble(value);
}

function parseInteger(value: unknown): bigint | undefined {
  return typeof value === 'string' ? parseInt64(value) : toInt64(value);
}

function parseBytes(value: unknown): Uint8Array | undefined {
  const { b64 } = (value ?? {}) as { readonly b64?: unknown };
  return typeof b64 === 'string' ? new Uint8Array(Buffer.from(b64, 'base64')) : undefined;
}

const NOT_FINITE = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

function instant(text: string): Instant | undefined {
  try {
    return parseInstant(text);
  } catch {
    return undefined;
  }
}
