import { formatInstant } from './instant.js';
import { encodeWith, type RawValue, type StructValue, type ValueEncoders, type ValueType } from './value-type.js';

/** The JSON forms of a feature value. */
export type ClientValue = boolean | number | string | readonly (boolean | number | string)[] | StructValue;

/** The form of each value type (toClientValue). */
export const CLIENT_VALUES = {
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
 * A feature value for clients (the FeatureScalar of the schema): INT64 is a string, which retains every digit; BYTES is
 * base64; TIMESTAMP is RFC 3339. JSON has no numbers for NaN and the infinities, so they are the strings "NaN",
 * "Infinity" and "-Infinity".
 */
export function toClientValue(valueType: ValueType, value: RawValue): ClientValue {
  return encodeWith<ClientValue>(CLIENT_VALUES, valueType, value);
}

function clientDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
