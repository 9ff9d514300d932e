import { LIST, listValue, VARCHAR, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { historyTable } from '../../../duckdb/history-table.js';
import type { FeatureSource } from '../../../registry/model.js';
import type { EntityTimesRead } from '../../entity-times.js';
import { hasCreationTime, noCreationTime } from '../no-creation-time.js';

export interface EntityTimesSql {
  /** A SELECT of entity_id and entity_time, a TIMESTAMP in UTC, in no order. */
  readonly sql: string;
  readonly parameters: readonly DuckDBValue[];
  readonly parameterTypes: readonly DuckDBType[];
}

/** Compiles the read of the times of entities. The parameters are numbered from `first`. */
export function compileEntityTimes(read: EntityTimesRead, first = 1): EntityTimesSql {
  const { entityIds, events, sources } = read;
  const ofIds = entityIds === null ? [] : [`list_contains($${first}, entity_id)`];
  const rows = sources.map((source) => {
    const conditions = [...ofIds, ...rowConditions(source, read)];
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    return `SELECT entity_id, ${timeSql(source, read)} AS entity_time FROM ${historyTable(source)}${where}`;
  });
  const all = rows.join('\nUNION ALL ');
  const repeated = events?.areRepeated === true ? ' HAVING count(*) > 1' : '';
  return {
    sql:
      events === null
        ? `SELECT entity_id, min(entity_time) AS entity_time FROM (${all}) GROUP BY entity_id`
        : `SELECT entity_id, entity_time FROM (${all}) GROUP BY ALL${repeated}`,
    parameters: entityIds === null ? [] : [listValue([...entityIds])],
    parameterTypes: entityIds === null ? [] : [LIST(VARCHAR)],
  };
}

function timeSql(source: FeatureSource, { events, sinceWritten }: EntityTimesRead): string {
  if (events !== null || !sinceWritten) return 'event_timestamp';
  if (!hasCreationTime(source)) throw noCreationTime(source, 'knownAtLabelTime');
  // greatest() ignores nulls; the conditions leave out the rows without a creation time.
  return 'greatest(event_timestamp, created_timestamp)';
}

function rowConditions(source: FeatureSource, { events, knownAt, sinceWritten }: EntityTimesRead): string[] {
  if (knownAt !== null && !hasCreationTime(source)) throw noCreationTime(source);
  return [
    ...(events === null
      ? []
      : [`event_timestamp >= make_timestamp(${events.from})`, `event_timestamp < make_timestamp(${events.until})`]),
    ...(knownAt === null ? [] : [`created_timestamp <= make_timestamp(${knownAt})`]),
    ...(events === null && sinceWritten ? ['created_timestamp IS NOT NULL'] : []),
  ];
}
