import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBTimestampValue,
  LIST,
  listValue,
  TIMESTAMP,
  timestampValue,
  VARCHAR,
  type DuckDBListValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import {
  encodeWith,
  type RawValue,
  type StructValue,
  type ValueDecoders,
  type ValueEncoders,
  type ValueType,
} from '../../values/value-type.js';
import { parseExactJson } from '../../values/lossless-json.js';
import { stringifyExactly } from '../../values/minus-zero.js';

/** The column type of each value type. A STRUCT is JSON text: its fields are not declared in the registry. */
const COLUMN_TYPES = {
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
} satisfies Record<ValueType, DuckDBType>;

export function toDuckDbType(valueType: ValueType): DuckDBType {
  return COLUMN_TYPES[valueType];
}

/** Never use the client's own "JS" conversion: it converts timestamps to Dates and loses their microseconds. */
const DECODERS = {
  BOOL: (value) => value as boolean,
  BOOL_ARRAY: (value) => items(value) as boolean[],
  DOUBLE: (value) => value as number,
  DOUBLE_ARRAY: (value) => items(value) as number[],
  INT64: (value) => value as bigint,
  INT64_ARRAY: (value) => items(value) as bigint[],
  STRING: (value) => value as string,
  STRING_ARRAY: (value) => items(value) as string[],
  BYTES: (value) => new Uint8Array((value as DuckDBBlobValue).bytes),
  STRUCT: (value) => parseExactJson(value as string) as StructValue,
  TIMESTAMP: (value) => (value as DuckDBTimestampValue).micros,
} satisfies ValueDecoders<DuckDBValue>;

const ENCODERS = {
  BOOL: (value) => value,
  BOOL_ARRAY: (value) => listValue(value),
  DOUBLE: (value) => value,
  DOUBLE_ARRAY: (value) => listValue(value),
  INT64: (value) => value,
  INT64_ARRAY: (value) => listValue(value),
  STRING: (value) => value,
  STRING_ARRAY: (value) => listValue(value),
  BYTES: (value) => new DuckDBBlobValue(value),
  STRUCT: stringifyExactly,
  TIMESTAMP: (value) => timestampValue(value),
} satisfies ValueEncoders<DuckDBValue>;

/** Reads a value of a column whose type comes from `toDuckDbType`. */
export function fromDuckDb(valueType: ValueType, value: DuckDBValue): RawValue | null {
  return value === null ? null : DECODERS[valueType](value);
}

export function toDuckDb(valueType: ValueType, value: RawValue | null): DuckDBValue {
  return value === null ? null : encodeWith<DuckDBValue>(ENCODERS, valueType, value);
}

function items(value: DuckDBValue): readonly DuckDBValue[] {
  return (value as DuckDBListValue).items;
}

/** A timestamp column of ours; null stays null. */
export function instantFromDuckDb(value: DuckDBValue | undefined): bigint | null {
  return value instanceof DuckDBTimestampValue ? value.micros : null;
}
