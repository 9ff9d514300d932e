import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBTimestampValue,
  LIST,
  listValue,
  TIMESTAMP,
  timestampValue,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { toElementType, type RawValue, type StructValue, type ValueType } from '../../values/value-type.js';
import { parseLosslessJson } from '../../values/lossless-json.js';

/** The column type of each value type. A STRUCT is JSON text: its fields are not declared in the registry. */
const COLUMN_TYPES: Readonly<Record<ValueType, DuckDBType>> = {
  BOOL: BOOLEAN,
  BOOL_ARRAY: LIST(BOOLEAN),
  DOUBLE,
  DOUBLE_ARRAY: LIST(DOUBLE),
  INT64: BIGINT,
  INT64_ARRAY: LIST(BIGINT),
  STRING: VARCHAR,
  STRING_ARRAY: LIST(VARCHAR),
  BYTES: BLOB,
  STRUCT: VARCHAR,
  TIMESTAMP,
};

export function toDuckDbType(valueType: ValueType): DuckDBType {
  return COLUMN_TYPES[valueType];
}

/** Never through the client's own "JS" conversion: it makes Dates of timestamps and loses their microseconds. */
export function fromDuckDb(valueType: ValueType, value: DuckDBValue): RawValue | null {
  if (value === null) return null;
  if (value instanceof DuckDBTimestampValue) return value.micros;
  if (value instanceof DuckDBBlobValue) return new Uint8Array(value.bytes);
  if (value instanceof DuckDBListValue) {
    const elementType = toElementType(valueType) ?? 'STRING';
    return value.items.map((item) => fromDuckDb(elementType, item)) as unknown as RawValue;
  }
  if (valueType === 'STRUCT') return parseLosslessJson(value as string) as StructValue;
  return value as RawValue;
}

export function toDuckDb(valueType: ValueType, value: RawValue | null): DuckDBValue {
  if (value === null) return null;
  const elementType = toElementType(valueType);
  if (elementType) return listValue((value as readonly RawValue[]).map((item) => toDuckDb(elementType, item)));
  if (valueType === 'BYTES') return new DuckDBBlobValue(value as Uint8Array);
  if (valueType === 'TIMESTAMP') return timestampValue(value as bigint);
  if (valueType === 'STRUCT') return JSON.stringify(value);
  return value as DuckDBValue;
}

/** A timestamp column of ours; null stays null. */
export function instantFromDuckDb(value: DuckDBValue | undefined): bigint | null {
  return value instanceof DuckDBTimestampValue ? value.micros : null;
}
