import type { Instant } from './instant.js';

/** The types a feature can have: those of Vertex AI's feature registry, and TIMESTAMP. */
export const VALUE_TYPES = [
  'BOOL',
  'BOOL_ARRAY',
  'DOUBLE',
  'DOUBLE_ARRAY',
  'INT64',
  'INT64_ARRAY',
  'STRING',
  'STRING_ARRAY',
  'BYTES',
  'STRUCT',
  'TIMESTAMP',
] as const;

export type ValueType = (typeof VALUE_TYPES)[number];

/** A field of a STRUCT: JSON. An integer beyond 2^53 is a string here, because a JS number would lose its last digits. */
export type StructField =
  null | boolean | number | string | readonly StructField[] | { readonly [name: string]: StructField };
export interface StructValue {
  readonly [name: string]: StructField;
}

/**
 * A value inside the gateway. INT64 is a bigint and TIMESTAMP an Instant (a bigint of microseconds): which of the two a
 * bigint is, the feature's value type says. Arrays hold no nulls, as in BigQuery.
 */
export type RawValue =
  | boolean
  | number
  | bigint
  | Instant
  | string
  | Uint8Array
  | readonly boolean[]
  | readonly number[]
  | readonly bigint[]
  | readonly string[]
  | StructValue;

/** The value type of the elements of an array type; undefined for the others. */
export function toElementType(valueType: ValueType): ValueType | undefined {
  return valueType.endsWith('_ARRAY') ? (valueType.slice(0, -'_ARRAY'.length) as ValueType) : undefined;
}
