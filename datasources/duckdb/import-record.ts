import type { DuckDBConnection } from '@duckdb/node-api';
import type { ImportedRows, SourceInputs } from '../offline/importing-offline-store.js';
import type { FeatureSource } from '../registry/model.js';
import type { Instant } from '../../values/instant.js';
import { historyTable } from './history-table.js';
import { instantFromDuckDb } from './value-mapping.js';

/**
 * The record in the file of what each table was imported from. No registry name contains `$`, so no featurestore has
 * this name.
 */
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

/** The time of the last import and the state of its files; null when there was none. */
export async function readImportState(
  connection: DuckDBConnection,
  source: FeatureSource,
): Promise<{ readonly importedAt: Instant | null; readonly filesState: string | null }> {
  const rows = await connection.runAndReadAll(
    `SELECT imported_at, files_state FROM ${TABLE} WHERE history_table = $1`,
    [historyTable(source)],
  );
  const [[importedAt, filesState] = []] = rows.getRows();
  return { importedAt: instantFromDuckDb(importedAt), filesState: filesState == null ? null : String(filesState) };
}

/** Identifies the last import of a table; undefined when there was none. The same files may be imported twice. */
export async function readImportId(connection: DuckDBConnection, source: FeatureSource): Promise<string | undefined> {
  // An import of an earlier release has none, and each import since has another one.
  const rows = await connection.runAndReadAll(
    `SELECT coalesce(import_id, imported_from) FROM ${TABLE} WHERE history_table = $1`,
    [historyTable(source)],
  );
  const [[id] = []] = rows.getRows();
  return id === undefined ? undefined : String(id);
}

/** What the next incremental import continues from, as JSON; null: it computes the whole SQL. */
export async function readIncrement(
  connection: DuckDBConnection,
  source: FeatureSource,
): Promise<{ readonly state: string | null; readonly hasTies: boolean }> {
  const rows = await connection.runAndReadAll(`SELECT increment, has_ties FROM ${TABLE} WHERE history_table = $1`, [
    historyTable(source),
  ]);
  const [[state, hasTies] = []] = rows.getRows();
  return { state: state == null ? null : String(state), hasTies: hasTies !== false };
}

/** Records that the values of the last import are still up to date. */
export async function confirmImportRecord(
  connection: DuckDBConnection,
  source: FeatureSource,
  filesState: string,
): Promise<void> {
  await connection.run(
    `UPDATE ${TABLE} SET imported_at = now()::TIMESTAMP, files_state = $2 WHERE history_table = $1`,
    [historyTable(source), filesState],
  );
}

/** Whether the file has records at all. It has none if the process that made it ended too early. */
export async function hasImportRecords(connection: DuckDBConnection): Promise<boolean> {
  const { rowCount } = await connection.run(
    `SELECT 1 FROM duckdb_tables() WHERE schema_name = '$featuregraph' AND table_name = 'imports'`,
  );
  return rowCount > 0;
}

/** Whether the records say which files were read. Those of an earlier release do not, until the next start. */
export async function hasFilesStates(connection: DuckDBConnection): Promise<boolean> {
  const { rowCount } = await connection.run(
    `SELECT 1 FROM duckdb_columns()
     WHERE schema_name = '$featuregraph' AND table_name = 'imports' AND column_name = 'files_state'`,
  );
  return rowCount > 0;
}

export async function writeImportRecord(
  connection: DuckDBConnection,
  source: FeatureSource,
  { fingerprint, filesState }: Pick<SourceInputs, 'fingerprint' | 'filesState'>,
  { rows, hasTies }: Pick<ImportedRows, 'rows' | 'hasTies'>,
  increment: string | null,
): Promise<void> {
  await connection.run(
    `INSERT OR REPLACE INTO ${TABLE}
       (history_table, imported_from, row_count, imported_at, has_ties, files_state, increment, import_id)
     VALUES ($1, $2, $3, now()::TIMESTAMP, $4, $5, $6, uuid()::VARCHAR)`,
    [historyTable(source), fingerprint, rows, hasTies, filesState, increment],
  );
}

/**
 * Whether the table may have two rows with the same entity and time. An unchanged table needs no search for them: rows
 * are only added, so a table with as many rows as after the import is unchanged.
 */
export async function mayHaveTies(connection: DuckDBConnection, source: FeatureSource): Promise<boolean> {
  const rows = await connection.runAndReadAll(
    `SELECT has_ties FROM ${TABLE} WHERE history_table = $1 AND row_count = (SELECT count(*) FROM ${historyTable(source)})`,
    [historyTable(source)],
  );
  const [[hasTies] = []] = rows.getRows();
  return hasTies !== false;
}

/** Created when the store opens and not at its first use: two readers that both create it would fail each other. */
export async function ensureImportRecords(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE SCHEMA IF NOT EXISTS "$featuregraph"');
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${TABLE}
     (history_table VARCHAR PRIMARY KEY, imported_from VARCHAR NOT NULL, row_count BIGINT NOT NULL, imported_at TIMESTAMP NOT NULL)`,
  );
  await connection.run(`ALTER TABLE ${TABLE} ADD COLUMN IF NOT EXISTS has_ties BOOLEAN`);
  await connection.run(`ALTER TABLE ${TABLE} ADD COLUMN IF NOT EXISTS files_state VARCHAR`);
  await connection.run(`ALTER TABLE ${TABLE} ADD COLUMN IF NOT EXISTS increment VARCHAR`);
  await connection.run(`ALTER TABLE ${TABLE} ADD COLUMN IF NOT EXISTS import_id VARCHAR`);
}
