import type { DuckDBConnection } from '@duckdb/node-api';
import { quoteText } from './sql-text.js';

/**
 * What stands behind FROM to read a CSV file with the types of some columns said and all else guessed. Whether there is a
 * header is guessed first, from the file as it is: DuckDB tells it by types that the columns then no longer have.
 */
export async function readCsv(
  connection: DuckDBConnection,
  path: string,
  types: ReadonlyMap<string, string>,
): Promise<string> {
  const file = quoteText(path);
  const sniffed = await connection.runAndReadAll(`SELECT HasHeader FROM sniff_csv(${file})`);
  const [[hasHeader] = []] = sniffed.getRows();
  const said = [...types].map(([column, type]) => `${quoteText(column)}: ${quoteText(type)}`).join(', ');
  return `read_csv(${file}, header = ${String(hasHeader)}, types = {${said}})`;
}

/** The columns of what stands behind FROM, with their types as DuckDB writes them, in order. */
export async function describeCsvColumns(connection: DuckDBConnection, relation: string): Promise<Map<string, string>> {
  const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation}`)).getRowObjects();
  return new Map(described.map(({ column_name, column_type }) => [String(column_name), String(column_type)]));
}
