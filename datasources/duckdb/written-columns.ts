import type { DuckDBConnection } from '@duckdb/node-api';
import type { WrittenColumn } from '../offline/column-reads.js';
import type { ValueType } from '../../values/value-type.js';
import { convertSql, isConvertible } from './column-types.js';
import { quoteIdentifier } from './sql-text.js';

/** A column that only statistics read: a number beyond an INT64 counts as the nearest double, a date as its text. */
export function measuredColumn(name: string, type: string, column = quoteIdentifier(name)): WrittenColumn {
  const valueType = measuredType(type);
  return { name, valueType, sql: valueSql(column, type, valueType), type };
}

function valueSql(column: string, type: string, valueType: ValueType | null): string {
  if (valueType === null) return column;
  if (valueType === 'STRING') return `CAST(${column} AS VARCHAR)`;
  if (valueType === 'DOUBLE') return `CAST(${column} AS DOUBLE)`;
  return isConvertible(type, valueType) ? convertSql(column, type, valueType) : column;
}

/** The columns of a relation, in order. */
export async function describeColumns(
  connection: DuckDBConnection,
  relation: string,
): Promise<{ readonly name: string; readonly type: string }[]> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation}`);
  return described.getRowObjects().map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
}

const ARRAYS: readonly (readonly [ValueType, RegExp])[] = [
  ['BOOL_ARRAY', /^BOOLEAN$/],
  ['INT64_ARRAY', /^U?(TINYINT|SMALLINT|INTEGER)$|^BIGINT$/],
  ['DOUBLE_ARRAY', /^(FLOAT|DOUBLE)$/],
  ['STRING_ARRAY', /^VARCHAR$/],
];

function measuredType(type: string): ValueType | null {
  const element = /^(.*)\[\d*\]$/s.exec(type)?.[1];
  if (element !== undefined) return ARRAYS.find(([, pattern]) => pattern.test(element))?.[0] ?? null;
  if (/^(U?(TINYINT|SMALLINT|INTEGER)|BIGINT)$/.test(type)) return 'INT64';
  if (/^(FLOAT|DOUBLE|UBIGINT|U?HUGEINT|DECIMAL\(.*\))$/.test(type)) return 'DOUBLE';
  if (/^(VARCHAR|UUID|DATE|TIME|ENUM\(.*\))$/s.test(type)) return 'STRING';
  if (/^TIMESTAMP(_S|_MS| WITH TIME ZONE)?$/.test(type)) return 'TIMESTAMP';
  if (type === 'BOOLEAN') return 'BOOL';
  if (type === 'BLOB') return 'BYTES';
  return /^(STRUCT|MAP)\(|^JSON$/.test(type) ? 'STRUCT' : null;
}
