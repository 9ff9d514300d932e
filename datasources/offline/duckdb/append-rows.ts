import { DuckDBDataChunk, timestampValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { toChunks } from '../../../runtime/to-chunks.js';
import { KeyedList } from '../../../runtime/keyed-list.js';
import type { RawValue } from '../../../values/value-type.js';
import type { Feature, FeatureSource } from '../../registry/model.js';
import type { AppendOutcome, FeatureRow } from '../offline-store.js';
import { findRowFault } from '../find-row-fault.js';
import { fillAppenderInTurns } from '../../duckdb/fill-appender.js';
import { ensureHistoryTable, historyTableName } from '../../duckdb/history-table.js';
import { toDuckDb } from '../../duckdb/value-mapping.js';

/** DuckDB takes no larger chunk. */
const ROWS_PER_CHUNK = 2048;

/**
 * Appends rows in order: the order of arrival is the last tie-break of a point-in-time read. `knownColumns` are those of
 * the source's table, of a caller who knows that it exists and is as the registry says.
 */
export async function appendRows(
  connection: DuckDBConnection,
  source: FeatureSource,
  rows: readonly FeatureRow[],
  knownColumns?: readonly string[],
): Promise<AppendOutcome> {
  const columns = knownColumns ?? (await ensureHistoryTable(connection, source));
  const readers = columns.map((column) => columnReader(source, column));
  const rejected: { row: number; reason: string }[] = [];
  const accepted = rows.filter((row, index) => {
    const reason = findRowFault(source, row);
    if (reason !== undefined) rejected.push({ row: index, reason });
    return reason === undefined;
  });
  const appender = await connection.createAppender(historyTableName(source), source.entityType.featurestore.name);
  const types = columns.map((_, index) => appender.columnType(index));
  // Whole columns: a call for each value took most of an append.
  const steps = toChunks(accepted, ROWS_PER_CHUNK).map((ofChunk) => () => {
    const chunk = DuckDBDataChunk.create(types, ofChunk.length);
    for (const [index, read] of readers.entries()) chunk.setColumnValues(index, ofChunk.map(read));
    appender.appendDataChunk(chunk);
  });
  await fillAppenderInTurns(appender, steps);
  return { appended: accepted.length, rejected };
}

/** A column the registry no longer has stays null in new rows. */
function columnReader(source: FeatureSource, column: string): (row: FeatureRow) => DuckDBValue {
  switch (column) {
    case 'entity_id':
      return (row) => row.entityId;
    case 'event_timestamp':
      return (row) => timestamp(row.timestamp);
    case 'created_timestamp':
      return createdReader();
    case 'sequence':
      return (row) => row.sequence ?? null;
  }
  const feature = source.features.find((candidate) => candidate.name === column);
  if (!feature) return () => null;
  return valueReader(feature);
}

/** Most rows share their features: the place of a value is looked for once. */
function valueReader({ name, valueType }: Feature): (row: FeatureRow) => DuckDBValue {
  let keys: unknown;
  let place: number | undefined;
  return ({ values }) => {
    if (!(values instanceof KeyedList)) return toDuckDb(valueType, values.get(name) ?? null);
    const { sharedKeys, list } = values as KeyedList<string, RawValue | null>;
    if (sharedKeys !== keys) {
      keys = sharedKeys;
      place = sharedKeys.indexOf(name);
    }
    return toDuckDb(valueType, place === undefined ? null : (list[place] ?? null));
  };
}

/** The rows of a commit have one creation time. */
function createdReader(): (row: FeatureRow) => DuckDBValue {
  let last: bigint | null | undefined;
  let value: DuckDBValue = null;
  return ({ createdTimestamp }) => {
    if (createdTimestamp === last) return value;
    last = createdTimestamp;
    return (value = timestamp(createdTimestamp));
  };
}

function timestamp(instant: bigint | null | undefined): DuckDBValue {
  return instant === null || instant === undefined ? null : timestampValue(instant);
}
