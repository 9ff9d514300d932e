import { formatInstant } from './instant.js';
import { encodeWith, type RawValue, type StructValue, type ValueEncoders, type ValueType } from './value-type.js';

/** What JSON can carry of a feature value. */
export type ClientValue = boolean | number | string | readonly (boolean | number | string)[] | StructValue;

const CLIENT_VALUES = {
  BOOL: (value) => value,
  BOOL_ARRAY: (value) => value,
  DOUBLE: clientDouble,
  DOUBLE_ARRAY: (value) => value.map(clientDouble),
  INT64: String,
  INT64_ARRAY: (value) => value.map(String),
  STRING: (value) => value,
  STRING_ARRAY: (value) => value,
  BYTES: (value) => Buffer.from(value).toString('base64'),
  STRUCT: (value) => value,
  TIMESTAMP: formatInstant,
} satisfies ValueEncoders<ClientValue>;

/**
 * A feature value as clients read it (the FeatureScalar of the schema): INT64 as a string so that no digit is lost,
 * BYTES in base64, TIMESTAMP in RFC 3339, and NaN and the infinities, which JSON has no number for, as the strings
 * "NaN", "Infinity" and "-Infinity".
 */
export function toClientValue(valueType: ValueType, value: RawValue): ClientValue {
  return encodeWith<ClientValue>(CLIENT_VALUES, valueType, value);
}

function clientDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
