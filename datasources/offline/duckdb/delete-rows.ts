import { LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { historyTable } from '../../duckdb/history-table.js';
import type { EntityType } from '../../registry/model.js';

/** Deletes the rows of entities from the tables of all sources. Returns their number. */
export async function deleteRows(
  connection: DuckDBConnection,
  entityType: EntityType,
  entityIds: readonly string[],
): Promise<number> {
  let rows = 0;
  for (const source of entityType.sources) {
    const { rowsChanged } = await connection.run(
      `DELETE FROM ${historyTable(source)} WHERE entity_id IN (SELECT unnest($1))`,
      [listValue([...entityIds])],
      [LIST(VARCHAR)],
    );
    rows += rowsChanged;
  }
  return rows;
}
