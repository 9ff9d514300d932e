import { CLIENT_VALUES } from '../../values/client-value.js';
import { parseInstant } from '../../values/instant.js';
import type { RawValue, ValueDecoders, ValueEncoders, ValueType } from '../../values/value-type.js';
import { encodeWith } from '../../values/value-type.js';

/** JSON from which the same value is read again, to the last bit. */
type JsonForm = boolean | number | string | object;

/** The form for clients, except that minus zero stays what it is. */
const ENCODERS = {
  ...CLIENT_VALUES,
  DOUBLE: encodeDouble,
  DOUBLE_ARRAY: (value) => value.map(encodeDouble),
} satisfies ValueEncoders<JsonForm>;

const DECODERS = {
  BOOL: (json) => json as boolean,
  BOOL_ARRAY: (json) => json as unknown as boolean[],
  DOUBLE: Number,
  DOUBLE_ARRAY: (json) => (json as unknown as JsonForm[]).map(Number),
  INT64: (json) => BigInt(json as string),
  INT64_ARRAY: (json) => (json as unknown as string[]).map(BigInt),
  STRING: (json) => json as string,
  STRING_ARRAY: (json) => json as unknown as string[],
  BYTES: (json) => new Uint8Array(Buffer.from(json as string, 'base64')),
  STRUCT: (json) => json as never,
  TIMESTAMP: (json) => parseInstant(json as string),
} satisfies ValueDecoders<JsonForm>;

export function encodeServedValue(valueType: ValueType, value: RawValue): JsonForm {
  return encodeWith<JsonForm>(ENCODERS, valueType, value);
}

export function decodeServedValue(valueType: ValueType, json: JsonForm): RawValue {
  return DECODERS[valueType](json);
}

/** JSON.stringify would write null for NaN and the infinities, and 0 for minus zero. */
function encodeDouble(value: number): number | string {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return value === 0 ? '-0' : String(value);
}
