import { timestampValue, TIMESTAMP, VARCHAR, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import type { HistoryEntry, HistoryRead } from '../offline-store.js';
import { requireCreationTime } from './creation-time.js';
import { carriedValue, newestValue, version } from '../point-in-time/duckdb/version.js';
import { joinSql, Parameters } from '../point-in-time/sql-text.js';
import { historyTable } from '../../duckdb/history-table.js';
import { fromDuckDb, instantFromDuckDb } from '../../duckdb/value-mapping.js';

/**
 * One value per moment: where several rows have the same event time, the newest arrival wins, by the same expression as
 * in the point-in-time compiler. In a dense entity type a null is part of the history; otherwise it is ignored. A
 * static source has no column to group by, and an aggregate of no rows returns one row. A count drops that row;
 * otherwise an unknown entity would have a null.
 */
export async function readHistory(connection: DuckDBConnection, read: HistoryRead): Promise<HistoryEntry[]> {
  const { feature, limit } = read;
  if (read.knownAt != null) requireCreationTime(feature.source);
  const isTimed = feature.source.timestampColumn !== null;
  const parameters = new Parameters<DuckDBValue>();
  const conditions = joinSql(
    [
      `h.entity_id = ${parameters.add(read.entityId)}`,
      isTimed && read.from !== null && `h.event_timestamp >= ${parameters.add(timestampValue(read.from))}`,
      isTimed && read.to !== null && `h.event_timestamp <= ${parameters.add(timestampValue(read.to))}`,
      read.knownAt != null && `h.created_timestamp <= ${parameters.add(timestampValue(read.knownAt))}`,
      isTimed && read.before !== null && `h.event_timestamp < ${parameters.add(timestampValue(read.before))}`,
    ],
    ' AND ',
  );
  const newest = feature.entityType.dense
    ? `max(${version({ timed: isTimed, withValue: feature })})`
    : newestValue(feature, { timed: isTimed });
  const eventTime = isTimed ? 'h.event_timestamp' : 'NULL::TIMESTAMP';
  const sql = `SELECT ${eventTime} AS event_timestamp, ${carriedValue(feature, newest)} AS value
FROM ${historyTable(feature.source)} AS h
WHERE ${conditions}
GROUP BY ALL
HAVING ${feature.entityType.dense ? 'count(*) > 0' : `${newest} IS NOT NULL`}
ORDER BY event_timestamp DESC
LIMIT ${limit}`;
  const types = parameters.values.map((value) => (typeof value === 'string' ? VARCHAR : TIMESTAMP));
  const rows = (await connection.runAndReadAll(sql, parameters.values, types)).getRowObjects();
  return rows.map((row) => ({
    value: fromDuckDb(feature.valueType, row.value ?? null),
    timestamp: instantFromDuckDb(row.event_timestamp),
  }));
}
