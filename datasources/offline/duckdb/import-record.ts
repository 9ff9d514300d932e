import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureSource } from '../../registry/model.js';
import { historyTable } from './history-table.js';

/** The file's own notes of what each table was imported from. `$` is in no registry name, so no featurestore has it. */
const TABLE = '"$featuregraph".imports';

/** Once, when the store is opened: DuckDB refuses two transactions that make the same table. */
export async function ensureImportRecord(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE SCHEMA IF NOT EXISTS "$featuregraph"');
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${TABLE}
     (history_table VARCHAR PRIMARY KEY, imported_from VARCHAR NOT NULL, row_count BIGINT NOT NULL, imported_at TIMESTAMP NOT NULL)`,
  );
}

export async function readImportRecord(
  connection: DuckDBConnection,
  source: FeatureSource,
): Promise<string | undefined> {
  const rows = await connection.runAndReadAll(`SELECT imported_from FROM ${TABLE} WHERE history_table = $1`, [
    historyTable(source),
  ]);
  const [[importedFrom] = []] = rows.getRows();
  return importedFrom === undefined ? undefined : String(importedFrom);
}

export async function writeImportRecord(
  connection: DuckDBConnection,
  source: FeatureSource,
  from: string,
  rows: bigint,
): Promise<void> {
  await connection.run(`INSERT OR REPLACE INTO ${TABLE} VALUES ($1, $2, $3, now()::TIMESTAMP)`, [
    historyTable(source),
    from,
    rows,
  ]);
}
