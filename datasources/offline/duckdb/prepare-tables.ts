import type { DuckDbDatabase } from '../../duckdb/database.js';
import { ensureHistoryTable } from '../../duckdb/history-table.js';
import { ensureImportRecords } from '../../duckdb/import-record.js';
import { renameHistory } from '../../duckdb/rename-history.js';
import type { FeatureSource } from '../../registry/model.js';

/** Creates the tables of sources, adds the columns of new features, and renames what has another name now. */
export async function prepareTables(database: DuckDbDatabase, sources: readonly FeatureSource[]): Promise<void> {
  await database.transaction(async (connection) => {
    await ensureImportRecords(connection);
    for (const source of sources) await renameHistory(connection, source);
    for (const source of sources) await ensureHistoryTable(connection, source);
  });
}
