import { formatInstant } from '../../../values/instant.js';
import {
  encodeWith,
  type RawValue,
  type StructValue,
  type ValueDecoders,
  type ValueEncoders,
  type ValueType,
} from '../../../values/value-type.js';
import { parseExactJson } from '../../../values/lossless-json.js';
import { stringifyExactly } from '../../../values/minus-zero.js';

/** INT64 with all its digits, as the client returns it when it wraps integers. */
interface WrappedInteger {
  readonly value: string;
}

/** Decodes a result whose times were selected as whole microseconds (point-in-time/bigquery/value-sql.ts). */
const DECODERS = {
  BOOL: (value) => value as boolean,
  BOOL_ARRAY: (value) => value as boolean[],
  DOUBLE: (value) => value as number,
  DOUBLE_ARRAY: (value) => value as number[],
  INT64: unwrapInteger,
  INT64_ARRAY: (value) => (value as unknown[]).map(unwrapInteger),
  STRING: (value) => value as string,
  STRING_ARRAY: (value) => value as string[],
  BYTES: (value) => new Uint8Array(value as Buffer),
  STRUCT: (value) => parseExactJson(value as string) as StructValue,
  TIMESTAMP: unwrapInteger,
} satisfies ValueDecoders<unknown>;

export function fromBigQuery(valueType: ValueType, value: unknown): RawValue | null {
  return value === null || value === undefined ? null : DECODERS[valueType](value);
}

/** null stays null. */
export function integerFromBigQuery(value: unknown): bigint | null {
  return value === null || value === undefined ? null : unwrapInteger(value);
}

function unwrapInteger(value: unknown): bigint {
  return BigInt((value as WrappedInteger).value);
}

const INSERT_JSON = {
  BOOL: (value) => value,
  BOOL_ARRAY: (value) => value,
  DOUBLE: doubleJson,
  DOUBLE_ARRAY: (value) => value.map(doubleJson),
  INT64: String,
  INT64_ARRAY: (value) => value.map(String),
  STRING: (value) => value,
  STRING_ARRAY: (value) => value,
  BYTES: (value) => Buffer.from(value).toString('base64'),
  STRUCT: stringifyExactly,
  TIMESTAMP: formatInstant,
} satisfies ValueEncoders<unknown>;

/** A value as JSON for insertAll: digits are text, because JSON parsers read a number as a double. */
export function toInsertJson(valueType: ValueType, value: RawValue): unknown {
  return encodeWith<unknown>(INSERT_JSON, valueType, value);
}

/** JSON has no NaN and no infinity, and JSON.stringify drops the sign of zero; BigQuery reads them from text. */
function doubleJson(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : value.toString();
}

const unchanged = (json: unknown): unknown => json;

const LOAD_JSON = {
  BOOL: unchanged,
  BOOL_ARRAY: unchanged,
  DOUBLE: unchanged,
  DOUBLE_ARRAY: unchanged,
  INT64: unchanged,
  INT64_ARRAY: unchanged,
  STRING: unchanged,
  STRING_ARRAY: unchanged,
  BYTES: unchanged,
  STRUCT: (json) => JSON.parse(json as string) as unknown,
  TIMESTAMP: unchanged,
} satisfies Record<ValueType, (json: unknown) => unknown>;

/** The result of `toInsertJson` for a load job, which takes a JSON column as JSON and not as text. */
export function toLoadJson(valueType: ValueType, insertJson: unknown): unknown {
  return LOAD_JSON[valueType](insertJson);
}
