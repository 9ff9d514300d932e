import { LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { inTransaction, type DuckDbDatabase } from '../../duckdb/database.js';
import { historyTable } from '../../duckdb/history-table.js';
import type { EntityType } from '../../registry/model.js';

/**
 * Deletes the rows of entities from the tables of all sources, in one transaction. An import that runs leaves them out
 * too. Returns the number of rows.
 */
export async function deleteRows(
  { imports }: DuckDbDatabase,
  connection: DuckDBConnection,
  { sources }: EntityType,
  entityIds: readonly string[],
): Promise<number> {
  const tables = sources.map(historyTable);
  return imports.delete(tables, entityIds, () =>
    inTransaction(connection, async () => {
      let rows = 0;
      for (const table of tables) rows += await deleteFrom(connection, table, entityIds);
      return rows;
    }),
  );
}

/** Deletes the rows of entities from one table. */
export async function deleteFrom(
  connection: DuckDBConnection,
  table: string,
  entityIds: readonly string[],
): Promise<number> {
  if (entityIds.length === 0) return 0;
  const { rowsChanged } = await connection.run(
    `DELETE FROM ${table} WHERE entity_id IN (SELECT unnest($1))`,
    [listValue([...entityIds])],
    [LIST(VARCHAR)],
  );
  return rowsChanged;
}
