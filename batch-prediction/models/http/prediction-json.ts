import { parseInstant, type Instant } from '../../../values/instant.js';
import { isValueType, type RawValue, type ValueParsers, type ValueType } from '../../../values/value-type.js';
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
import { LongFraction } from '../../../values/lossless-json.js';
import { safeSentence } from '../safe-sentence.js';
import { NonFinite } from './parse-answer.js';

/**
 * Reads a server's answer for one instance by the model's outputs. An object has the outputs by name, and its other
 * fields stay. A plain value is the only output. {"error": text} means that this instance has no prediction. Where a
 * single value is expected, a list of one stands for its element: TensorFlow Serving returns [[0.5], [0.6]] for two
 * instances.
 */
export function fromJson({ outputs }: Model, prediction: unknown): PredictionOutcome {
  const inner = unwrap(prediction);
  const answer = isObject(inner) ? inner : prediction;
  if (isObject(answer) && 'error' in answer && !outputs.some(({ name }) => name === 'error'))
    return failed(answer.error);
  if (!isObject(answer) && outputs.length > 1)
    return invalid(`is no object, but the model has ${outputs.length} outputs`);
  const fields = isObject(answer) && !isBytes(outputs, answer) ? answer : { [outputs[0]!.name]: answer };
  const named = new Map(Object.entries(fields).map(([name, value]) => [name, withText(value) as RawValue | null]));
  for (const output of outputs) {
    if (!named.has(output.name)) return invalid(`has no "${output.name}"`);
    const value = parseValue(output, fields[output.name]);
    if (value === undefined) return invalid(describeMisfit(output, fields[output.name]));
    named.set(output.name, value);
  }
  return { kind: 'prediction', prediction: Object.fromEntries(named) };
}

/** TensorFlow Serving returns the bytes of a single output unchanged, without its name. */
function isBytes([output, ...others]: readonly ModelField[], answer: Readonly<Record<string, unknown>>): boolean {
  return output?.valueType === 'BYTES' && others.length === 0 && 'b64' in answer && !(output.name in answer);
}

/** The reason comes from the server and goes to the client. */
function failed(reason: unknown): PredictionFailure {
  const message =
    typeof reason === 'string' && reason !== '' ? safeSentence(reason) : "The model's server gave no reason.";
  return { kind: 'failure', code: 'INSTANCE_REFUSED', message };
}

function invalid(fault: string): PredictionFailure {
  return { kind: 'failure', code: 'INVALID_PREDICTION', message: `The prediction ${fault}.` };
}

function describeMisfit({ name, valueType }: ModelField, value: unknown): string {
  if (!Array.isArray(value)) return `has a "${name}" that is no ${valueType}`;
  const arrayType = `${valueType}_ARRAY`;
  const advice = isValueType(arrayType) ? `; if it is to be a list, declare it ${arrayType}` : '';
  return `has a "${name}" that is a list of ${value.length}, and no ${valueType}${advice}`;
}

function parseValue({ valueType }: ModelField, written: unknown): RawValue | null | undefined {
  const value = UNWRAP[valueType](written);
  return value === null ? null : PARSERS[valueType](value);
}

/** Unwraps lists of one; the type decides which list is the value. */
const UNWRAP = {
  BOOL: unwrap,
  BOOL_ARRAY: unwrapList,
  DOUBLE: unwrap,
  DOUBLE_ARRAY: unwrapList,
  INT64: unwrap,
  INT64_ARRAY: unwrapList,
  STRING: unwrap,
  STRING_ARRAY: unwrapList,
  BYTES: unwrap,
  STRUCT: (written) => written,
  TIMESTAMP: unwrap,
} satisfies Record<ValueType, (written: unknown) => unknown>;

/** The inverse of instance-json.ts. */
const PARSERS = {
  BOOL: toBoolean,
  BOOL_ARRAY: eachElement((value) => toBoolean(unwrap(value))),
  DOUBLE: parseDouble,
  DOUBLE_ARRAY: eachElement((value) => parseDouble(unwrap(value))),
  INT64: parseInteger,
  INT64_ARRAY: eachElement((value) => parseInteger(unwrap(value))),
  STRING: toText,
  STRING_ARRAY: eachElement((value) => toText(unwrap(value))),
  BYTES: parseBytes,
  STRUCT: (value) => (isObject(value) && !hasNonFinite(value) ? toStruct(withText(value)) : undefined),
  TIMESTAMP: (value) => (typeof value === 'string' ? instant(value) : undefined),
} satisfies ValueParsers<unknown>;

/** Reads a JSON number as its nearest double; a number beyond all doubles is invalid. */
function parseDouble(value: unknown): number | undefined {
  if (value instanceof NonFinite) return value.value;
  if (value instanceof LongFraction) return value.nearest;
  if (typeof value === 'string') return NOT_FINITE.get(value);
  const number = typeof value === 'bigint' ? Number(value) : toDouble(value);
  return Number.isFinite(number) ? number : undefined;
}

/** An integer beyond 2^53 is a bigint or a text. */
function parseInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return parseInt64(value.toString());
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBoxed(value);
}

function isBoxed(value: object): boolean {
  return value instanceof NonFinite || value instanceof LongFraction;
}

function unwrap(value: unknown): unknown {
  let inner = value;
  while (Array.isArray(inner) && inner.length === 1) inner = inner[0];
  return inner;
}

/** A list in lists of one. */
function unwrapList(value: unknown): unknown {
  let inner = value;
  while (Array.isArray(inner) && inner.length === 1 && Array.isArray(inner[0])) inner = inner[0];
  return inner;
}

function hasNonFinite(value: unknown): boolean {
  if (value instanceof NonFinite || (typeof value === 'number' && !Number.isFinite(value))) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNonFinite);
}

/** Converts back to JSON, with a text for each number that JSON cannot express. */
function withText(value: unknown): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
  if (value instanceof NonFinite) return String(value.value);
  if (value instanceof LongFraction) return value.digits;
  if (Array.isArray(value)) return value.map(withText);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withText(inner)]));
}
