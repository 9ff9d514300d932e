import type { HistoryEntry, HistoryRead } from '../offline-store.js';
import { noCreationTime } from '../point-in-time/no-creation-time.js';
import { BigQueryParameters, type BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { isInt64, partitionConditions } from '../point-in-time/bigquery/row-filters.js';
import {
  historyColumn,
  isKnownSql,
  newestRowSql,
  quoteForBigQuery,
  selected,
  valueOrNull,
  type BigQueryTable,
} from '../point-in-time/bigquery/table.js';
import { decodeEntityId } from '../../../values/entity-id.js';
import type { ResultRow } from './query-jobs.js';
import { fromBigQuery, integerFromBigQuery } from './value-mapping.js';

/**
 * One value per moment: where several rows have the same event time, the newest arrival wins, by the same expression as
 * in the point-in-time compiler. In a dense entity type a null is part of the history; otherwise it is ignored. Returns
 * undefined, without a query, when no row can have the id.
 */
export function historyQuery(read: HistoryRead, table: BigQueryTable): BigQuerySql | undefined {
  const { feature, limit } = read;
  const parameters = new BigQueryParameters();
  const parts = decodeEntityId(read.entityId, feature.entityType.entityIdColumns);
  const isImpossible = table.entityColumns.some(({ type }, part) => type === 'INT64' && !isInt64(parts[part]!));
  if (isImpossible) return undefined;
  const time = table.eventTime === null ? null : historyColumn(table.eventTime);
  const { dense } = feature.entityType;
  const hasTime = read.from !== null || read.to !== null || read.before !== null;
  const conditions = [
    ...partitionConditions(table, { hasTime }),
    ...table.entityColumns.map(
      ({ name, type }, part) => `${historyColumn(name)} = ${parameters.add(`entity_${part}`, type, parts[part])}`,
    ),
    ...(time && read.from !== null ? [`${time} >= ${parameters.addInstant('from_time', read.from)}`] : []),
    ...(time && read.to !== null ? [`${time} <= ${parameters.addInstant('to_time', read.to)}`] : []),
    ...(read.knownAt == null
      ? []
      : [`${writtenAt(read, table)} <= ${parameters.addInstant('known_at', read.knownAt)}`]),
    ...(time && read.before !== null ? [`${time} < ${parameters.addInstant('before_time', read.before)}`] : []),
    ...(dense ? [] : [isKnownSql(table, feature)]),
  ];
  const fields = [`${valueOrNull(table, feature)} AS v`, `${isKnownSql(table, feature)} AS is_there`];
  const newest = newestRowSql(table, fields);
  const sql = `SELECT ${time ? 'UNIX_MICROS(n.event_time)' : 'CAST(NULL AS INT64)'} AS event_time,
  ${selected(feature, 'n.newest.v')} AS value, n.newest.is_there AS is_there
FROM (
  SELECT ${time ? `${time} AS event_time, ` : ''}${newest} AS newest
  FROM ${quoteForBigQuery(table.path)} AS h
  WHERE ${conditions.join(' AND ')}
  ${time ? `GROUP BY ${time}` : 'HAVING COUNT(*) > 0'}
) AS n
ORDER BY event_time DESC
LIMIT ${limit}`;
  return { sql, params: parameters.params, types: parameters.types };
}

function writtenAt({ feature }: HistoryRead, { createdTime }: BigQueryTable): string {
  if (createdTime === null) throw noCreationTime(feature.source);
  return historyColumn(createdTime);
}

export function historyEntry(row: ResultRow, { feature }: HistoryRead): HistoryEntry {
  return {
    // BigQuery returns a null array as an empty one.
    value: row.is_there === true ? fromBigQuery(feature.valueType, row.value) : null,
    timestamp: integerFromBigQuery(row.event_time),
  };
}
