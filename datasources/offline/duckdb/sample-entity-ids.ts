import type { DuckDBConnection } from '@duckdb/node-api';
import type { EntityType } from '../../registry/model.js';
import { historyTable } from '../../duckdb/history-table.js';

/** Implements the port's method. It reads only the id column of the tables and holds only `count` ids. */
export async function sampleEntityIds(
  connection: DuckDBConnection,
  { sources }: EntityType,
  count: number,
): Promise<string[]> {
  const ids = sources.map((source) => `SELECT entity_id FROM ${historyTable(source)}`).join(' UNION ALL ');
  const sql = `SELECT entity_id FROM (SELECT DISTINCT entity_id FROM (${ids})) ORDER BY random() LIMIT ${count}`;
  return (await connection.runAndReadAll(sql)).getRows().map(([id]) => String(id));
}
