import { eachElement, parseInt64, toBoolean, toDouble, toInt64, toStruct, toText } from './convert-value.js';
import { exactStructNumber, LongFraction } from './lossless-json.js';
import { parseInstant, type Instant } from './instant.js';
import type { RawValue, StructField, StructValue, ValueParsers, ValueType } from './value-type.js';

/**
 * Reads a value that a client wrote: the inverse of toClientValue, and what decoders of messages give. Undefined when it
 * is not of the type. Nothing is converted: a whole number must be exact, and text is a number only where JSON has no
 * number for it (INT64 beyond 2^53, NaN and the infinities).
 */
export function parseClientValue(valueType: ValueType, written: unknown): RawValue | undefined {
  return PARSERS[valueType](written);
}

const PARSERS = {
  BOOL: toBoolean,
  BOOL_ARRAY: eachElement(toBoolean),
  DOUBLE: parseDouble,
  DOUBLE_ARRAY: eachElement(parseDouble),
  INT64: parseInteger,
  INT64_ARRAY: eachElement(parseInteger),
  STRING: parseText,
  STRING_ARRAY: eachElement(parseText),
  BYTES: parseBytes,
  STRUCT: parseStruct,
  TIMESTAMP: parseMoment,
} satisfies ValueParsers<unknown>;

const NOT_FINITE = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

function parseDouble(written: unknown): number | undefined {
  if (written instanceof LongFraction) return written.nearest;
  return typeof written === 'string' ? NOT_FINITE.get(written) : toDouble(written);
}

function parseInteger(written: unknown): bigint | undefined {
  if (typeof written === 'string') return parseInt64(written);
  const value = toInt64(written);
  // A number is below 2^53.
  return typeof written === 'number' || value === undefined || BigInt.asIntN(64, value) === value ? value : undefined;
}

/** UTF-8 cannot encode half of a surrogate pair: a store would write another text. */
function parseText(written: unknown): string | undefined {
  const text = toText(written);
  return text?.isWellFormed() ? text : undefined;
}

/** The last letter has no bits beyond the last byte: they would be lost, and two texts would be the same bytes. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

function parseBytes(written: unknown): Uint8Array | undefined {
  if (written instanceof Uint8Array) return written;
  // Buffer.from ignores what is not base64, and would give other bytes.
  return typeof written === 'string' && BASE64.test(written)
    ? new Uint8Array(Buffer.from(written, 'base64'))
    : undefined;
}

/** A number has no unit: it could be seconds or microseconds. */
function parseMoment(written: unknown): Instant | undefined {
  if (typeof written !== 'string') return undefined;
  try {
    return parseInstant(written);
  } catch {
    return undefined;
  }
}

function parseStruct(written: unknown): StructValue | undefined {
  const struct = toStruct(written);
  if (struct === undefined) return undefined;
  const fields = toFields(struct);
  return fields === undefined ? undefined : (fields as StructValue);
}

/** In a STRUCT, a number that no double holds is its text. Undefined for what JSON cannot contain. */
function toFields(written: unknown): StructField | undefined {
  switch (typeof written) {
    case 'bigint':
      return written.toString();
    case 'number':
      return Number.isFinite(written) ? exactStructNumber(written) : undefined;
    case 'string':
      return written.isWellFormed() ? written : undefined;
    case 'boolean':
      return written;
    case 'object':
      break;
    default:
      return undefined;
  }
  if (written === null) return null;
  if (written instanceof Uint8Array) return undefined;
  if (written instanceof LongFraction) return written.digits;
  if (Array.isArray(written)) {
    const items = written.map((item: unknown) => toFields(item));
    return items.includes(undefined) ? undefined : (items as StructField[]);
  }
  const entries = Object.entries(written).map(([name, item]) => [name, toFields(item)] as const);
  if (entries.some(([, item]) => item === undefined)) return undefined;
  return Object.fromEntries(entries) as StructValue;
}
