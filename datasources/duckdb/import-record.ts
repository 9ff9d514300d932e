import type { DuckDBConnection } from '@duckdb/node-api';
import type { ImportedRows } from '../offline/importing-offline-store.js';
import type { FeatureSource } from '../registry/model.js';
import { historyTable } from './history-table.js';

/** The file's own notes of what each table was imported from. `$` is in no registry name, so no featurestore has it. */
const TABLE = '"$featuregraph".imports';

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

/** Whether the file has records at all. It has none if the process that made it ended too early. */
export async function hasImportRecords(connection: DuckDBConnection): Promise<boolean> {
  const { rowCount } = await connection.run(
    `SELECT 1 FROM duckdb_tables() WHERE schema_name = '$featuregraph' AND table_name = 'imports'`,
  );
  return rowCount > 0;
}

export async function writeImportRecord(
  connection: DuckDBConnection,
  source: FeatureSource,
  from: string,
  { rows, hasTies }: ImportedRows,
): Promise<void> {
  await connection.run(
    `INSERT OR REPLACE INTO ${TABLE} (history_table, imported_from, row_count, imported_at, has_ties)
     VALUES ($1, $2, $3, now()::TIMESTAMP, $4)`,
    [historyTable(source), from, rows, hasTies],
  );
}

/**
 * Whether the table may have two rows of one entity and time. Known without looking for a table that is as it was imported:
 * rows are only ever added to it, so one with as many rows as then is that one.
 */
export async function mayHaveTies(connection: DuckDBConnection, source: FeatureSource): Promise<boolean> {
  const rows = await connection.runAndReadAll(
    `SELECT has_ties FROM ${TABLE} WHERE history_table = $1 AND row_count = (SELECT count(*) FROM ${historyTable(source)})`,
    [historyTable(source)],
  );
  const [[hasTies] = []] = rows.getRows();
  return hasTies !== false;
}

/** Made when the store is opened, not when it is needed: two readers that both make it fail each other. */
export async function ensureImportRecords(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE SCHEMA IF NOT EXISTS "$featuregraph"');
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${TABLE}
     (history_table VARCHAR PRIMARY KEY, imported_from VARCHAR NOT NULL, row_count BIGINT NOT NULL, imported_at TIMESTAMP NOT NULL)`,
  );
  await connection.run(`ALTER TABLE ${TABLE} ADD COLUMN IF NOT EXISTS has_ties BOOLEAN`);
}
