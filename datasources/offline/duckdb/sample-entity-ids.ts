import type { DuckDBConnection } from '@duckdb/node-api';
import type { EntityType } from '../../registry/model.js';
import { historyTable } from '../../duckdb/history-table.js';

/** As the port says. Of the tables only the column of the ids is read, and of the ids `count` are kept. */
export async function sampleEntityIds(
  connection: DuckDBConnection,
  { sources }: EntityType,
  count: number,
): Promise<string[]> {
  const ids = sources.map((source) => `SELECT entity_id FROM ${historyTable(source)}`).join(' UNION ALL ');
  const sql = `SELECT entity_id FROM (SELECT DISTINCT entity_id FROM (${ids})) ORDER BY random() LIMIT ${count}`;
  return (await connection.runAndReadAll(sql)).getRows().map(([id]) => String(id));
}
