import { timestampValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import type { FeatureSource } from '../../registry/model.js';
import type { AppendOutcome, FeatureRow } from '../offline-store.js';
import { findRowFault } from '../find-row-fault.js';
import { ensureHistoryTable, historyTableName } from '../../duckdb/history-table.js';
import { toDuckDbType, toDuckDb } from '../../duckdb/value-mapping.js';

/** Appends rows in order: the order of arrival is the last tie-break of a point-in-time read. */
export async function appendRows(
  connection: DuckDBConnection,
  source: FeatureSource,
  rows: readonly FeatureRow[],
): Promise<AppendOutcome> {
  const columns = await ensureHistoryTable(connection, source);
  const readers = columns.map((column) => columnReader(source, column));
  const appender = await connection.createAppender(historyTableName(source), source.entityType.featurestore.name);
  const rejected: { row: number; reason: string }[] = [];
  rows.forEach((row, index) => {
    const reason = findRowFault(source, row);
    if (reason !== undefined) {
      rejected.push({ row: index, reason });
      return;
    }
    for (const { read, type } of readers) {
      const value = read(row);
      if (value === null) appender.appendNull();
      else appender.appendValue(value, type);
    }
    appender.endRow();
  });
  appender.closeSync();
  return { appended: rows.length - rejected.length, rejected };
}

interface ColumnReader {
  readonly read: (row: FeatureRow) => DuckDBValue;
  readonly type?: ReturnType<typeof toDuckDbType>;
}

/** A column the registry no longer has stays null in new rows. */
function columnReader(source: FeatureSource, column: string): ColumnReader {
  switch (column) {
    case 'entity_id':
      return { read: (row) => row.entityId };
    case 'event_timestamp':
      return { read: (row) => timestamp(row.timestamp) };
    case 'created_timestamp':
      return { read: (row) => timestamp(row.createdTimestamp) };
    case 'sequence':
      return { read: (row) => row.sequence ?? null };
  }
  const feature = source.features.find((candidate) => candidate.name === column);
  if (!feature) return { read: () => null };
  return {
    read: (row) => toDuckDb(feature.valueType, row.values.get(feature.name) ?? null),
    type: toDuckDbType(feature.valueType),
  };
}

function timestamp(instant: bigint | null | undefined): DuckDBValue {
  return instant === null || instant === undefined ? null : timestampValue(instant);
}
