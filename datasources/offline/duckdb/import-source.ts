import { toErrorMessage } from '../../../errors/error-message.js';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OperatorError } from '../../../errors/operator-error.js';
import type { FeatureSource } from '../../registry/model.js';
import { joinSql } from '../point-in-time/sql-text.js';
import { quoteIdentifier, quoteText } from '../../duckdb/sql-text.js';
import type { Instant } from '../../../values/instant.js';
import type { ImportedRows } from '../importing-offline-store.js';
import { FILE_COLUMN, historyTable, replaceHistoryTable, requireIdAndTime } from '../../duckdb/history-table.js';
import type { FileReader } from '../../files/file-reader.js';
import { checkRows, refuseRejected } from './check-rows.js';
import { findRepeatedTimes } from './find-repeated-times.js';
import { bindSource, definePartition, type BoundSource } from './bind-source.js';
import { listReadTables } from '../../registry/read-tables.js';
import { describe, VALUE_FAULT } from './source-columns.js';

/**
 * The index of a row in the result of the SQL. No registry name contains `$`, so the name never collides with a column
 * that we use.
 */
const ARRIVAL = '"$arrival"';

/**
 * Replaces the table of a source by the result of its SQL and reports the result. Runs inside the caller's transaction.
 * Rows are stored by entity and time, so that a read of one entity touches few row groups. Rows of one entity and time
 * stay in the order of the SQL's result: the place in the table is the arrival order, and a sort without that order
 * would make it random.
 */
export async function importSource(
  connection: DuckDBConnection,
  source: FeatureSource,
  reader: FileReader,
  onProgress: (share: number) => void,
): Promise<WholeImport> {
  // This folder holds the data that is read from text until the SQL has run.
  await using folder = await reader.createFolder();
  const bound = await bindSource(connection, source, reader, folder);
  await replaceHistoryTable(connection, source);
  for (let partition = 0; partition < source.partitions; partition += 1) {
    onProgress(partition / source.partitions);
    await definePartition(connection, source, partition);
    await insertComputed(connection, source, bound, { into: historyTable(source) });
  }
  return await finishWhole(connection, source, await countReadRows(connection, source));
}

/** What the import of a whole source says of it. */
export type WholeImport = Omit<ImportedRows, 'fullRefreshReason' | 'addedFrom'>;

/** Checks the stored rows of a table that was replaced. */
export async function finishWhole(
  connection: DuckDBConnection,
  source: FeatureSource,
  rowsRead: bigint,
): Promise<WholeImport> {
  const rejected = await requireIdAndTime(connection, source);
  const table = historyTable(source);
  const { rows, leftOut, violations } = await checkRows(connection, source, table);
  const ties = await hasTies(connection, source, table);
  const repeated = ties ? await findRepeatedTimes(connection, source, table) : [];
  refuseRejected(source, [...violations, ...repeated]);
  return {
    rows,
    rejected,
    leftOut,
    violations: [...violations, ...repeated],
    hasTies: ties,
    rowsRead,
    rowsComputed: rows,
  };
}

export interface InsertOptions {
  /** The table that gets the rows. */
  readonly into: string;
  /** The file that the rows are computed from, where the table has a column for it. */
  readonly file?: string;
  /** Only rows whose time is after this one, or missing: those are counted as rejected. */
  readonly after?: Instant;
}

/** Runs the SQL of a source and inserts its rows. */
export async function insertComputed(
  connection: DuckDBConnection,
  source: FeatureSource,
  { sql, target, columns }: BoundSource,
  { into, file, after }: InsertOptions,
): Promise<void> {
  const time = source.timestampColumn === null ? null : quoteIdentifier(source.timestampColumn);
  const ofFile = file === undefined ? [] : [{ name: FILE_COLUMN, expression: quoteText(file) }];
  const all = [...target.map(({ name, expression }) => ({ name: quoteIdentifier(name), expression })), ...ofFile];
  const isZoned = columns.get(source.timestampColumn ?? '')?.type === 'TIMESTAMP WITH TIME ZONE';
  const watermark = `${isZoned ? 'make_timestamptz' : 'make_timestamp'}(${after})`;
  const later = after === undefined ? '' : ` WHERE ${time} > ${watermark} OR ${time} IS NULL`;
  const insert = `INSERT INTO ${into} (${all.map(({ name }) => name).join(', ')})
SELECT ${all.map(({ name, expression }) => `${expression} AS ${name}`).join(', ')}
FROM (SELECT *, row_number() OVER () AS ${ARRIVAL} FROM (SELECT * FROM (${sql}) AS computed${later})) AS source
ORDER BY ${joinSql(['entity_id', time !== null && 'event_timestamp', ARRIVAL], ', ')}`;
  await connection.run(insert).catch((cause: unknown) => {
    throw new OperatorError(`${describe(source)} could not be computed:`, [toFault(cause)], { cause });
  });
}

/** The rows of the tables as the SQL sees them. Parquet files, and those that text was read into, say their number. */
export async function countReadRows(connection: DuckDBConnection, source: FeatureSource): Promise<bigint> {
  const counts = listReadTables(source).map(([name]) => `(SELECT count(*) FROM ${quoteIdentifier(name)})`);
  if (counts.length === 0) return 0n;
  const rows = await connection.runAndReadAll(`SELECT CAST(${counts.join(' + ')} AS BIGINT)`);
  return rows.getRows()[0]![0] as bigint;
}

/** The message of the engine, or the message that our own SQL raised through the engine. */
function toFault(cause: unknown): string {
  const message = toErrorMessage(cause);
  const own = message.indexOf(VALUE_FAULT);
  return own < 0 ? message : message.slice(own + VALUE_FAULT.length);
}

/** Whether two rows of a table have the same entity and time. */
export async function hasTies(connection: DuckDBConnection, source: FeatureSource, table: string): Promise<boolean> {
  if (source.timestampColumn === null) return true;
  const { rowCount } = await connection.run(
    `SELECT 1 FROM ${table} GROUP BY entity_id, event_timestamp HAVING count(*) > 1 LIMIT 1`,
  );
  return rowCount > 0;
}
