import { type DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../errors/operator-error.js';
import type { FeatureSource } from '../registry/model.js';
import { quoteIdentifier } from './sql-text.js';
import { toDuckDbType } from './value-mapping.js';

/**
 * The table of a source: one schema per featurestore and one table per source. Its columns are entity_id,
 * event_timestamp (not in a static source), created_timestamp, sequence, then the features.
 */
export function historyTable(source: FeatureSource): string {
  return `${quoteIdentifier(source.entityType.featurestore.name)}.${quoteIdentifier(historyTableName(source))}`;
}

export function historyTableName(source: FeatureSource): string {
  return `${source.entityType.name}.${source.name}`;
}

/** The columns of a source's table that every read uses. */
export function listKeyColumns({ timestampColumn }: FeatureSource): string[] {
  const isStatic = timestampColumn === null;
  return ['entity_id', ...(isStatic ? [] : ['event_timestamp']), 'created_timestamp', 'sequence'];
}

/**
 * The column with the file that a row was computed from, in a source that is computed file by file. No registry name
 * contains `$`.
 */
export const FILE_COLUMN = '"$file"';

/** Whether the rows of a source are computed file by file, and say from which file they are. */
export function isByFile({ incremental }: FeatureSource): boolean {
  return incremental !== null && incremental.watermarkColumn === null;
}

const TYPE_CANNOT_CHANGE = 'A value type cannot change once values are stored; give the feature a new name';

interface Column {
  readonly name: string;
  readonly type: string;
  /** A row without an id or a time can never be history, from any writer: the table itself rejects it. */
  readonly isRequired: boolean;
}

function historyTableColumns(source: FeatureSource): Column[] {
  return [
    { name: 'entity_id', type: 'VARCHAR', isRequired: true },
    ...(source.timestampColumn === null ? [] : [{ name: 'event_timestamp', type: 'TIMESTAMP', isRequired: true }]),
    { name: 'created_timestamp', type: 'TIMESTAMP', isRequired: false },
    { name: 'sequence', type: 'BIGINT', isRequired: false },
    ...source.features.map((feature) => ({
      name: feature.name,
      type: toDuckDbType(feature.valueType).toString(),
      isRequired: false,
    })),
    ...(isByFile(source) ? [{ name: FILE_COLUMN.slice(1, -1), type: 'VARCHAR', isRequired: false }] : []),
  ];
}

/** Creates a temporary table with the columns of a source's table, for rows that are computed before they are stored. */
export async function createComputedTable(
  connection: DuckDBConnection,
  source: FeatureSource,
  name: string,
): Promise<void> {
  const columns = historyTableColumns(source).map((column) => ({ ...column, isRequired: false }));
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${name} (${definitions(columns)})`);
}

/** The columns of a source's table that an import fills, as SQL. */
export function importedColumns(source: FeatureSource): string {
  return historyTableColumns(source)
    .map(({ name }) => quoteIdentifier(name))
    .join(', ');
}

/** Recreates the table, empty, for an import; it accepts every row until requireIdAndTime. */
export async function replaceHistoryTable(connection: DuckDBConnection, source: FeatureSource): Promise<void> {
  await createSchema(connection, source);
  const columns = historyTableColumns(source).map((column) => ({ ...column, isRequired: false }));
  await connection.run(`CREATE OR REPLACE TABLE ${historyTable(source)} (${definitions(columns)})`);
}

/**
 * Deletes the rows without an id or a time from an imported table, and then makes the table reject such rows; an empty
 * id counts as missing. Returns their number. It runs after the import and not during it: a rejected row would fail all
 * others, and skipping rows without a count would lose them silently.
 */
export async function requireIdAndTime(connection: DuckDBConnection, source: FeatureSource): Promise<number> {
  const rejected = await rejectRows(connection, source, historyTable(source));
  for (const { name } of requiredColumns(source)) {
    await connection.run(`ALTER TABLE ${historyTable(source)} ALTER COLUMN ${name} SET NOT NULL`);
  }
  return rejected;
}

/** Deletes the rows without an id or a time from a table with the columns of a source. Returns their number. */
export async function rejectRows(connection: DuckDBConnection, source: FeatureSource, table: string): Promise<number> {
  const isMissing = [...requiredColumns(source).map(({ name }) => `${name} IS NULL`), `entity_id = ''`].join(' OR ');
  return (await connection.run(`DELETE FROM ${table} WHERE ${isMissing}`)).rowsChanged;
}

function requiredColumns(source: FeatureSource): Column[] {
  return historyTableColumns(source).filter(({ isRequired }) => isRequired);
}

/**
 * Creates the table if it is missing and adds the columns of features that are new in the registry. Returns the columns
 * in the order of the table, which differs from the registry's order after features were added.
 */
export async function ensureHistoryTable(connection: DuckDBConnection, source: FeatureSource): Promise<string[]> {
  await createSchema(connection, source);
  const wanted = historyTableColumns(source);
  const create = `CREATE TABLE IF NOT EXISTS ${historyTable(source)} (${definitions(wanted)})`;
  await connection.run(create);
  let stored = await storedColumns(connection, source);
  const isOther = ({ name, type }: Column): boolean => stored.has(name) && stored.get(name) !== type;
  // A refused first import leaves an empty table: the operator must be free to correct the registry.
  if (wanted.some(isOther) && (await isEmpty(connection, source))) {
    await connection.run(`DROP TABLE ${historyTable(source)}`);
    await connection.run(create);
    stored = await storedColumns(connection, source);
  }
  const faults = describeOtherTypes(source, wanted.filter(isOther), stored);
  if (faults.length > 0) throw new OperatorError(`${TYPE_CANNOT_CHANGE}:`, faults);
  for (const { name, type } of wanted) {
    if (stored.has(name)) continue;
    await connection.run(`ALTER TABLE ${historyTable(source)} ADD COLUMN ${quoteIdentifier(name)} ${type}`);
    stored.set(name, type);
  }
  return [...stored.keys()];
}

/**
 * The columns whose stored type is another than the registry says, as ensureHistoryTable refuses them. Makes nothing. An empty
 * table has no such column, and neither has one that does not exist yet.
 */
export async function findTypeFaults(connection: DuckDBConnection, source: FeatureSource): Promise<string[]> {
  const { rowCount } = await connection.run(
    'SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2',
    [source.entityType.featurestore.name, historyTableName(source)],
  );
  if (rowCount === 0 || (await isEmpty(connection, source))) return [];
  const stored = await storedColumns(connection, source);
  const others = historyTableColumns(source).filter(({ name, type }) => (stored.get(name) ?? type) !== type);
  return describeOtherTypes(source, others, stored).map((fault) => `${TYPE_CANNOT_CHANGE}: ${fault}`);
}

function describeOtherTypes(
  { entityType }: FeatureSource,
  columns: readonly Column[],
  stored: ReadonlyMap<string, string>,
): string[] {
  return columns.map(
    ({ name, type }) => `${entityType.name}.${name} is stored as ${stored.get(name)}, the registry now says ${type}`,
  );
}

/** The type of each column of the table, in its order. */
async function storedColumns(connection: DuckDBConnection, source: FeatureSource): Promise<Map<string, string>> {
  const described = (await connection.runAndReadAll(`DESCRIBE ${historyTable(source)}`)).getRowObjects();
  return new Map(described.map((column) => [String(column.column_name), String(column.column_type)]));
}

async function isEmpty(connection: DuckDBConnection, source: FeatureSource): Promise<boolean> {
  return (await connection.run(`SELECT 1 FROM ${historyTable(source)} LIMIT 1`)).rowCount === 0;
}

async function createSchema(connection: DuckDBConnection, source: FeatureSource): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(source.entityType.featurestore.name)}`);
}

function definitions(columns: readonly Column[]): string {
  return columns
    .map(({ name, type, isRequired }) => `${quoteIdentifier(name)} ${type}${isRequired ? ' NOT NULL' : ''}`)
    .join(', ');
}
