import type { DuckDBConnection } from '@duckdb/node-api';
import type { Feature } from '../../registry/model.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { historyTable, listKeyColumns } from '../../duckdb/history-table.js';

/** The number of rows that give the average width. */
const SAMPLED_ROWS = 10_000;

/**
 * The bytes of the columns that a read of these features scans, uncompressed, as a warehouse counts them: the number of
 * rows times the width of the first rows. Takes milliseconds for tables of any size.
 */
export async function estimateScan(connection: DuckDBConnection, features: readonly Feature[]): Promise<bigint> {
  let bytes = 0n;
  for (const [source, ofSource] of Map.groupBy(features, (feature) => feature.source)) {
    const columns = [...listKeyColumns(source), ...ofSource.map(({ name }) => name)];
    bytes += await estimateColumns(connection, historyTable(source), columns.map(quoteIdentifier));
  }
  return bytes;
}

/** The bytes of columns, given as SQL, of a table or a file. */
export async function estimateColumns(
  connection: DuckDBConnection,
  relation: string,
  columns: readonly string[],
): Promise<bigint> {
  if (columns.length === 0) return 0n;
  const widths = columns.map((column) => `coalesce(octet_length(encode(CAST(${column} AS VARCHAR))), 0)`);
  const read = await connection.runAndReadAll(
    `SELECT (SELECT count(*) FROM ${relation}) AS rows,
  (SELECT coalesce(avg(${widths.join(' + ')}), 0) FROM (SELECT * FROM ${relation} LIMIT ${SAMPLED_ROWS})) AS width`,
  );
  const [[rows, width] = [0n, 0]] = read.getRows();
  return BigInt(Math.ceil(Number(rows) * Number(width)));
}
