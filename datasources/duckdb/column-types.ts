import type { ValueType } from '../../values/value-type.js';
import { hasExactText, jsonObjectSql } from './exact-text.js';
import { toDuckDbType } from './value-mapping.js';

export interface SourceColumn {
  readonly name: string;
  /** The type as DuckDB describes it: `BIGINT`, `DECIMAL(18,3)`, `DOUBLE[]`. */
  readonly type: string;
}

/** The type of a column with values of each value type. */
export const COLUMN_TYPES = {
  BOOL: 'BOOLEAN',
  BOOL_ARRAY: 'BOOLEAN[]',
  DOUBLE: 'DOUBLE',
  DOUBLE_ARRAY: 'DOUBLE[]',
  INT64: 'BIGINT',
  INT64_ARRAY: 'BIGINT[]',
  STRING: 'VARCHAR',
  STRING_ARRAY: 'VARCHAR[]',
  BYTES: 'BLOB',
  STRUCT: 'JSON',
  TIMESTAMP: 'TIMESTAMP',
} satisfies Record<ValueType, string>;

const INTEGERS = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;

/** The column types that can become a value type without silent loss. An integer that is too large fails the cast. */
const CONVERTIBLE = {
  BOOL: isBoolean,
  BOOL_ARRAY: listOf(isBoolean),
  DOUBLE: isNumber,
  DOUBLE_ARRAY: listOf(isNumber),
  INT64: isInteger,
  INT64_ARRAY: listOf(isInteger),
  STRING: isText,
  STRING_ARRAY: listOf(isText),
  BYTES: (type) => type === 'BLOB',
  STRUCT: (type) => /^(STRUCT\(.*\)|MAP\(.*\)|JSON)$/s.test(type) && hasExactText(type),
  // TIMESTAMP_NS is missing, because the conversion would round its last digits.
  TIMESTAMP: (type) => /^(TIMESTAMP(_S|_MS| WITH TIME ZONE)?|DATE)$/.test(type),
} satisfies Record<ValueType, (type: string) => boolean>;

function isBoolean(type: string): boolean {
  return type === 'BOOLEAN';
}

function isInteger(type: string): boolean {
  return INTEGERS.test(type);
}

function isNumber(type: string): boolean {
  return isInteger(type) || /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type);
}

function isText(type: string): boolean {
  return /^(VARCHAR|UUID|ENUM\(.*\))$/.test(type);
}

/** A LIST (`DOUBLE[]`) or an ARRAY (`DOUBLE[3]`). */
function listOf(isElement: (type: string) => boolean): (type: string) => boolean {
  return (type) => {
    const element = /^(.*)\[\d*\]$/s.exec(type)?.[1];
    return element !== undefined && isElement(element);
  };
}

/** Whether a DuckDB type can become a value type without silent loss. */
export function isConvertible(type: string, valueType: ValueType): boolean {
  return CONVERTIBLE[valueType](type);
}

const CONVERSIONS = {
  BOOL: castTo('BOOL'),
  BOOL_ARRAY: castTo('BOOL_ARRAY'),
  DOUBLE: castTo('DOUBLE'),
  DOUBLE_ARRAY: castTo('DOUBLE_ARRAY'),
  INT64: castTo('INT64'),
  INT64_ARRAY: castTo('INT64_ARRAY'),
  STRING: castTo('STRING'),
  STRING_ARRAY: castTo('STRING_ARRAY'),
  BYTES: castTo('BYTES'),
  STRUCT: (column, type) => (type === 'JSON' ? `CAST(${column} AS VARCHAR)` : jsonObjectSql(column, type)),
  TIMESTAMP: castTo('TIMESTAMP'),
} satisfies Record<ValueType, (column: string, type: string) => string>;

function castTo(valueType: ValueType): (column: string) => string {
  return (column) => `CAST(${column} AS ${toDuckDbType(valueType).toString()})`;
}

/** The SQL that converts a column of a convertible type to a value type. */
export function convertSql(column: string, type: string, valueType: ValueType): string {
  return CONVERSIONS[valueType](column, type);
}
