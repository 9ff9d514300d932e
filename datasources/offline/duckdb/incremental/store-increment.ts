import type { DuckDBConnection } from '@duckdb/node-api';
import { LIST, listValue, VARCHAR } from '@duckdb/node-api';
import type { Instant } from '../../../../values/instant.js';
import {
  FILE_COLUMN,
  historyTable,
  importedColumns,
  isByFile,
  rejectRows,
  replaceHistoryTable,
  requireIdAndTime,
} from '../../../duckdb/history-table.js';
import { instantFromDuckDb } from '../../../duckdb/value-mapping.js';
import type { FeatureSource } from '../../../registry/model.js';
import type { ImportedRows } from '../../importing-offline-store.js';
import { deleteFrom } from '../delete-rows.js';
import { checkRows, refuseRejected } from '../check-rows.js';
import { findRepeatedTimes } from '../find-repeated-times.js';
import { hasTies } from '../import-source.js';
import { COMPUTED } from './compute-by-file.js';

/** A table is sorted again when more than this share of its rows was added since: a read would touch many row groups. */
const MAX_UNSORTED_SHARE = 0.25;
/** DuckDB's row group: fewer rows are in one or two groups, whatever their order. */
const FREE_UNSORTED_ROWS = 122_880;

export interface Increment {
  /** The files whose stored rows are replaced or removed. */
  readonly replaced: readonly string[];
  readonly deletedIds: readonly string[];
  /** Before the increment. */
  readonly hadTies: boolean;
  readonly unsortedRows: number;
}

export type StoredIncrement = Omit<ImportedRows, 'rowsRead' | 'fullRefreshReason'> & {
  readonly unsortedRows: number;
};

/** Stores the rows of COMPUTED beside or instead of those that are there. Runs inside the caller's transaction. */
export async function storeIncrement(
  connection: DuckDBConnection,
  source: FeatureSource,
  { replaced, deletedIds, hadTies, unsortedRows }: Increment,
): Promise<StoredIncrement> {
  const table = historyTable(source);
  const rejected = await rejectRows(connection, source, COMPUTED);
  await deleteFrom(connection, COMPUTED, deletedIds);
  const { rows: added, leftOut, violations } = await checkRows(connection, source, COMPUTED);
  if (replaced.length > 0) {
    await connection.run(
      `DELETE FROM ${table} WHERE ${FILE_COLUMN} IN (SELECT unnest($1))`,
      [listValue([...replaced])],
      [LIST(VARCHAR)],
    );
  }
  const older = await findTiesWithStored(connection, source);
  await insertSorted(connection, source, COMPUTED);
  const ties = hadTies || older !== 'NONE' || (await hasTies(connection, source, COMPUTED));
  const repeated = ties ? await findRepeatedTimes(connection, source, COMPUTED) : [];
  refuseRejected(source, [...violations, ...repeated]);
  const rows = await countRows(connection, table);
  let unsorted = unsortedRows + Number(added);
  const isUnsorted = unsorted > FREE_UNSORTED_ROWS && unsorted > MAX_UNSORTED_SHARE * Number(rows);
  if (older === 'LATER_FILE' || isUnsorted) {
    await sortTable(connection, source);
    unsorted = 0;
  }
  const addedFrom = replaced.length > 0 || older !== 'NONE' ? undefined : await findEarliest(connection);
  return {
    ...{ rows, rejected, leftOut, violations: [...violations, ...repeated] },
    ...{ hasTies: ties, rowsComputed: added, addedFrom, unsortedRows: unsorted },
  };
}

/** Inserts the rows of a table in the order in which a source's rows are stored; rows of equal times in that of files. */
export async function insertSorted(connection: DuckDBConnection, source: FeatureSource, from: string): Promise<void> {
  const columns = importedColumns(source);
  const file = isByFile(source) ? `${FILE_COLUMN}, ` : '';
  await connection.run(
    `INSERT INTO ${historyTable(source)} (${columns})
     SELECT ${columns} FROM ${from} AS added ORDER BY entity_id, event_timestamp, ${file}added.rowid`,
  );
}

/** Stores all rows again in their order. */
async function sortTable(connection: DuckDBConnection, source: FeatureSource): Promise<void> {
  const all = '"$all"';
  const columns = importedColumns(source);
  const order = 'ORDER BY h.rowid';
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${all} AS SELECT ${columns} FROM ${historyTable(source)} AS h ${order}`,
  );
  await replaceHistoryTable(connection, source);
  await insertSorted(connection, source, all);
  await requireIdAndTime(connection, source);
  await connection.run(`DROP TABLE ${all}`);
}

/**
 * Whether a computed row has the entity and time of a stored one. LATER_FILE: the stored one is of a later file, which
 * counts as the later arrival, so the place in the table must tell it.
 */
async function findTiesWithStored(
  connection: DuckDBConnection,
  source: FeatureSource,
): Promise<'NONE' | 'EARLIER_FILE' | 'LATER_FILE'> {
  // Each later row is after the watermark, and each stored row is not.
  if (!isByFile(source)) return 'NONE';
  const found = await connection.runAndReadAll(
    `SELECT bool_or(h.${FILE_COLUMN} > c.${FILE_COLUMN}) FROM ${COMPUTED} AS c JOIN ${historyTable(source)} AS h
     USING (entity_id, event_timestamp)`,
  );
  const isLater = found.getRows()[0]?.[0];
  if (isLater === null || isLater === undefined) return 'NONE';
  return isLater === true ? 'LATER_FILE' : 'EARLIER_FILE';
}

async function countRows(connection: DuckDBConnection, table: string): Promise<bigint> {
  return (await connection.runAndReadAll(`SELECT count(*) FROM ${table}`)).getRows()[0]![0] as bigint;
}

async function findEarliest(connection: DuckDBConnection): Promise<Instant | null> {
  const found = await connection.runAndReadAll(`SELECT min(event_timestamp) FROM ${COMPUTED}`);
  return instantFromDuckDb(found.getRows()[0]?.[0]);
}
