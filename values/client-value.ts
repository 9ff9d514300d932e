import { formatInstant, type Instant } from './instant.js';
import type { RawValue, StructValue, ValueType } from './value-type.js';

/** What JSON can carry of a feature value. */
export type ClientValue = boolean | number | string | readonly (boolean | number | string)[] | StructValue;

/**
 * A feature value as clients read it (the FeatureScalar of the schema): INT64 as a string so that no digit is lost,
 * BYTES in base64, TIMESTAMP in RFC 3339, and NaN and the infinities, which JSON has no number for, as the strings
 * "NaN", "Infinity" and "-Infinity".
 */
export function toClientValue(valueType: ValueType, value: RawValue): ClientValue {
  switch (valueType) {
    case 'INT64':
      return (value as bigint).toString();
    case 'INT64_ARRAY':
      return (value as readonly bigint[]).map(String);
    case 'DOUBLE':
      return clientDouble(value as number);
    case 'DOUBLE_ARRAY':
      return (value as readonly number[]).map(clientDouble);
    case 'BYTES':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'TIMESTAMP':
      return formatInstant(value as Instant);
    default:
      return value as ClientValue;
  }
}

function clientDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
