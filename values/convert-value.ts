import { LongFraction } from './lossless-json.js';
import type { RawValue, StructValue, ValueParsers, ValueType } from './value-type.js';

const CONVERSIONS = {
  BOOL: toBoolean,
  BOOL_ARRAY: eachElement(toBoolean),
  DOUBLE: toDouble,
  DOUBLE_ARRAY: eachElement(toDouble),
  INT64: toInt64,
  INT64_ARRAY: eachElement(toInt64),
  STRING: toText,
  STRING_ARRAY: eachElement(toText),
  BYTES: (value) => (value instanceof Uint8Array ? value : undefined),
  STRUCT: toStruct,
  TIMESTAMP: (value) => (typeof value === 'bigint' ? value : undefined),
} satisfies ValueParsers<unknown>;

/**
 * Converts the value to a type; undefined when it has another type. An integer is also a DOUBLE, and a DOUBLE without a
 * fraction is also an INT64: a file may contain either for a column of whole numbers.
 */
export function convert(valueType: ValueType, value: RawValue): RawValue | undefined {
  return CONVERSIONS[valueType](value);
}

/** A BOOL. */
export function toBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/**
 * Converts a number to a DOUBLE. An integer without an exact DOUBLE is refused, because another integer would replace
 * it.
 */
export function toDouble(value: unknown): number | undefined {
  if (typeof value !== 'bigint') return typeof value === 'number' ? value : undefined;
  const double = Number(value);
  return BigInt(double) === value ? double : undefined;
}

/** A whole number as an INT64. */
export function toInt64(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** A STRING. */
export function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A STRUCT: an object that is neither a list nor bytes. */
export function toStruct(value: unknown): StructValue | undefined {
  const isStruct = typeof value === 'object' && value !== null && !Array.isArray(value) && !isBoxed(value);
  return isStruct ? (value as StructValue) : undefined;
}

/** Objects that are values of another type. */
function isBoxed(value: object): boolean {
  return value instanceof Uint8Array || value instanceof LongFraction;
}

/** The elements of an array, each parsed; undefined when one of them is not of the type. */
export function eachElement<Element>(
  parse: (value: unknown) => Element | undefined,
): (value: unknown) => Element[] | undefined {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const elements = value.map((element: unknown) => parse(element));
    return elements.includes(undefined) ? undefined : (elements as Element[]);
  };
}

/** An integer as text, which JSON uses beyond 2^53; undefined for other text and beyond 64 bits. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  // 18 digits are always within 64 bits.
  return text.length < 19 || BigInt.asIntN(64, value) === value ? value : undefined;
}
