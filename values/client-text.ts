import { toClientValue } from './client-value.js';
import { quote, toJson } from './json-text.js';
import type { RawValue, ValueType } from './value-type.js';

/** The JSON of a feature value for clients: toJson(toClientValue()), without the value between them for most types. */
export function clientText(valueType: ValueType, value: RawValue): string {
  if (valueType === 'DOUBLE') return doubleText(value as number);
  if (valueType === 'INT64') return `"${value as bigint}"`;
  if (valueType === 'STRING') return quote(value as string);
  return toJson(toClientValue(valueType, value));
}

/** A DOUBLE. JSON has no NaN and no infinities, so they are strings. */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
