import { exactTextSql } from '../../datasources/duckdb/exact-text.js';
import { quoteText } from '../../datasources/duckdb/sql-text.js';
import { writtenType, type InstanceColumn } from './instance-columns.js';

/** SQL of a JSON object with the exact texts of a row, from the SQL of each value. */
export function textsSql(values: readonly { readonly column: InstanceColumn; readonly value: string }[]): string {
  const entries = values.map(({ column, value }) => `${quoteText(column.name)}, ${textSql(value, column)}`);
  return `CAST(json_object(${entries.join(', ')}) AS VARCHAR)`;
}

/** The same of a struct with the columns. */
export function rowTextsSql(columns: readonly InstanceColumn[], struct: string): string {
  return textsSql(columns.map((column) => ({ column, value: `struct_extract(${struct}, ${quoteText(column.name)})` })));
}

function textSql(value: string, column: InstanceColumn): string {
  const isMoment = 'valueType' in column && column.valueType === 'TIMESTAMP';
  return exactTextSql(isMoment ? `CAST(${value} AS TIMESTAMPTZ)` : value, writtenType(column));
}
