import { typeName } from '../../google/bigquery/type-names.js';
import { formatInstant } from '../../../values/instant.js';
import { toElementType, type RawValue, type StructValue, type ValueType } from '../../../values/value-type.js';
import { parseLosslessJson } from '../../../values/lossless-json.js';

/** The column type of each value type. A STRUCT is JSON: its fields are not declared in the registry. */
const COLUMN_TYPES: Readonly<Record<string, string>> = {
  BOOL: 'BOOL',
  DOUBLE: 'FLOAT64',
  INT64: 'INT64',
  STRING: 'STRING',
  BYTES: 'BYTES',
  STRUCT: 'JSON',
  TIMESTAMP: 'TIMESTAMP',
};

export function toBigQueryType(valueType: ValueType): string {
  return COLUMN_TYPES[toElementType(valueType) ?? valueType]!;
}

/** Whether a column can be read as a value type without losing anything. Any nested column can be read as JSON. */
export function isReadableAs(valueType: ValueType, column: { readonly type: string; readonly mode: string }): boolean {
  const isArray = column.mode === 'REPEATED';
  if (isArray !== (toElementType(valueType) !== undefined)) return false;
  const type = typeName(column.type);
  return type === toBigQueryType(valueType) || (valueType === 'STRUCT' && type === 'STRUCT');
}

/** INT64 with all its digits, as the client gives it when asked to wrap integers. */
interface WrappedInteger {
  readonly value: string;
}

/** A value of a result whose times were selected as whole microseconds (point-in-time/bigquery-table.ts). */
export function fromBigQuery(valueType: ValueType, value: unknown): RawValue | null {
  if (value === null || value === undefined) return null;
  const elementType = toElementType(valueType);
  if (elementType) return (value as unknown[]).map((item) => fromBigQuery(elementType, item)) as unknown as RawValue;
  if (valueType === 'INT64' || valueType === 'TIMESTAMP') return integerFromBigQuery(value);
  if (valueType === 'BYTES') return new Uint8Array(value as Buffer);
  if (valueType === 'STRUCT') return parseLosslessJson(value as string) as StructValue;
  return value as RawValue;
}

/** null stays null. */
export function integerFromBigQuery(value: unknown): bigint | null {
  return value === null || value === undefined ? null : BigInt((value as WrappedInteger).value);
}

/** A value as JSON for insertAll: digits as text, since a JSON number is a double to whoever parses it. */
export function toInsertJson(valueType: ValueType, value: RawValue): unknown {
  const elementType = toElementType(valueType);
  if (elementType) return (value as readonly RawValue[]).map((item) => toInsertJson(elementType, item));
  switch (valueType) {
    case 'INT64':
      return (value as bigint).toString();
    case 'TIMESTAMP':
      return formatInstant(value as bigint);
    case 'BYTES':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'STRUCT':
      return JSON.stringify(value);
    case 'DOUBLE':
      // JSON has no NaN and no infinity; as text they are read.
      return Number.isFinite(value) ? value : (value as number).toString();
    default:
      return value;
  }
}
