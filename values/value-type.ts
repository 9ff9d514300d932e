import type { Instant } from './instant.js';

/**
 * The types of features: those of Vertex AI's feature registry, and TIMESTAMP. docs/adding-a-value-type.md tells how to
 * add one.
 */
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

export function isValueType(name: string): name is ValueType {
  return (VALUE_TYPES as readonly string[]).includes(name);
}

/**
 * A field of a STRUCT: JSON. An integer beyond 2^53, and a number of a file that no double holds, is a string here,
 * because a JS number would lose its last digits.
 */
export type StructField =
  null | boolean | number | string | readonly StructField[] | { readonly [name: string]: StructField };
export interface StructValue {
  readonly [name: string]: StructField;
}

/**
 * The JavaScript representation of each value type. INT64 and TIMESTAMP are both bigint; the feature's value type
 * distinguishes them. Arrays contain no nulls, as in BigQuery.
 */
interface RawValues {
  readonly BOOL: boolean;
  readonly BOOL_ARRAY: readonly boolean[];
  readonly DOUBLE: number;
  readonly DOUBLE_ARRAY: readonly number[];
  readonly INT64: bigint;
  readonly INT64_ARRAY: readonly bigint[];
  readonly STRING: string;
  readonly STRING_ARRAY: readonly string[];
  readonly BYTES: Uint8Array;
  readonly STRUCT: StructValue;
  readonly TIMESTAMP: Instant;
}

export type RawValueOf<Type extends ValueType> = RawValues[Type];

/** A value inside the gateway. */
export type RawValue = RawValueOf<ValueType>;

/** The value of an array type. */
export type ArrayValue = Extract<RawValue, readonly unknown[]>;

/** The value type of the elements of each array type; null for other types. */
const ELEMENT_TYPES = {
  BOOL: null,
  BOOL_ARRAY: 'BOOL',
  DOUBLE: null,
  DOUBLE_ARRAY: 'DOUBLE',
  INT64: null,
  INT64_ARRAY: 'INT64',
  STRING: null,
  STRING_ARRAY: 'STRING',
  BYTES: null,
  STRUCT: null,
  TIMESTAMP: null,
} as const satisfies Record<ValueType, ValueType | null>;

/** The types of the elements of arrays. */
export type ElementType = NonNullable<(typeof ELEMENT_TYPES)[ValueType]>;

/** The value type of the elements of an array type; undefined for the others. */
export function toElementType(valueType: ValueType): ElementType | undefined {
  return ELEMENT_TYPES[valueType] ?? undefined;
}

/** Array.isArray does not tell TypeScript that the remaining value is no readonly array. */
export function isArrayValue(value: RawValue): value is ArrayValue {
  return Array.isArray(value);
}

/**
 * The encoders of a system, one per value type. Tables of this type have an entry for every value type and no default,
 * so that the compiler reports each table when a value type is added.
 */
export type ValueEncoders<Encoded, More extends readonly unknown[] = []> = {
  readonly [Type in ValueType]: (value: RawValueOf<Type>, ...more: More) => Encoded;
};

/** The decoders of a system's own values, one per value type. */
export type ValueDecoders<Encoded> = { readonly [Type in ValueType]: (encoded: Encoded) => RawValueOf<Type> };

/** The parsers of user input, one per value type; a parser returns undefined for an invalid value. */
export type ValueParsers<Written> = {
  readonly [Type in ValueType]: (written: Written) => RawValueOf<Type> | undefined;
};

/** Writes a value by the encoder of its type. */
export function encodeWith<Encoded, More extends readonly unknown[] = []>(
  encoders: ValueEncoders<Encoded, More>,
  valueType: ValueType,
  value: RawValue,
  ...more: More
): Encoded {
  // The registry pairs a feature with its value type; TypeScript cannot express such a pair.
  const encode = encoders[valueType] as (value: RawValue, ...more: More) => Encoded;
  return encode(value, ...more);
}
