import { encodeEntityId } from '../../../values/entity-id.js';
import type { FeatureSource } from '../../registry/model.js';
import type { EntityTime, EntityTimesRead } from '../entity-times.js';
import { noCreationTime } from '../point-in-time/no-creation-time.js';
import { BigQueryParameters, type BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import {
  decodePossibleIds,
  partitionConditions,
  wholeEntityConditions,
} from '../point-in-time/bigquery/row-filters.js';
import { historyColumn, quoteForBigQuery, type BigQueryTable } from '../point-in-time/bigquery/table.js';
import { integerFromBigQuery } from './value-mapping.js';
import type { ResultRow } from './query-jobs.js';

/** Bytes that BigQuery counts for a time and for an INT64, and at least for a text. */
const TIME_BYTES = 8n;
const INT64_BYTES = 8n;
const TEXT_BYTES = 2n;

/**
 * The times of entities in one query: a row for each entity, or for each event of one. Undefined when no row can have one
 * of the ids.
 */
export function entityTimesQuery(
  read: EntityTimesRead,
  findTable: (source: FeatureSource) => BigQueryTable,
): BigQuerySql | undefined {
  const parameters = new BigQueryParameters();
  const tables = read.sources.flatMap((source) => {
    const sql = sourceSql(source, findTable(source), read, parameters);
    return sql === undefined ? [] : [sql];
  });
  const [first] = read.sources;
  if (tables.length === 0 || !first) return undefined;
  const ids = findTable(first).entityColumns.map((_, part) => `id_${part}`);
  const all = tables.join('\n  UNION ALL\n  ');
  const repeated = read.events?.areRepeated === true ? ' HAVING COUNT(*) > 1' : '';
  const sql =
    read.events === null
      ? `SELECT ${ids.join(', ')}, MIN(entity_time) AS entity_time FROM (\n  ${all}\n) GROUP BY ${ids.join(', ')}`
      : `SELECT ${ids.join(', ')}, entity_time FROM (\n  ${all}\n) GROUP BY ${ids.join(', ')}, entity_time${repeated}`;
  return { sql, params: parameters.params, types: parameters.types };
}

function sourceSql(
  source: FeatureSource,
  table: BigQueryTable,
  { entityType, entityIds, events, knownAt, sinceWritten }: EntityTimesRead,
  parameters: BigQueryParameters,
): string | undefined {
  const { createdTime, entityColumns, path } = table;
  const isSinceWritten = events === null && sinceWritten;
  if (createdTime === null && knownAt !== null) throw noCreationTime(source);
  if (createdTime === null && isSinceWritten) throw noCreationTime(source, 'knownAtLabelTime');
  const time = historyColumn(table.eventTime!);
  const created = createdTime === null ? '' : historyColumn(createdTime);
  const columns = entityColumns.map(({ name }) => historyColumn(name));
  const ofIds = entityIds === null ? [] : idConditions(table, entityIds, entityType.entityIdColumns, parameters);
  if (ofIds === undefined) return undefined;
  const conditions = [
    ...partitionConditions(table, { hasTime: events !== null }),
    ...ofIds,
    ...columns.map((column) => `${column} IS NOT NULL`),
    `${time} IS NOT NULL`,
    ...(entityColumns.length === 1 && entityColumns[0]!.type === 'STRING' ? [`${columns[0]} != ''`] : []),
    ...(events === null
      ? []
      : [
          `${time} >= ${parameters.addInstant('events_from', events.from)}`,
          `${time} < ${parameters.addInstant('events_until', events.until)}`,
        ]),
    ...(knownAt === null ? [] : [`${created} <= ${parameters.addInstant('known_at', knownAt)}`]),
    ...(isSinceWritten ? [`${created} IS NOT NULL`] : []),
  ];
  const selected = [
    ...columns.map((column, part) => `CAST(${column} AS STRING) AS id_${part}`),
    `UNIX_MICROS(${isSinceWritten ? `GREATEST(${time}, ${created})` : time}) AS entity_time`,
  ];
  return `SELECT ${selected.join(', ')} FROM ${quoteForBigQuery(path)} AS h WHERE ${conditions.join(' AND ')}`;
}

function idConditions(
  table: BigQueryTable,
  entityIds: readonly string[],
  columns: readonly string[],
  parameters: BigQueryParameters,
): string[] | undefined {
  const possible = decodePossibleIds(entityIds, columns).map(encodeEntityId);
  return wholeEntityConditions(table, possible, columns, parameters);
}

export function entityTime(row: ResultRow, { entityType }: EntityTimesRead): EntityTime {
  const parts = entityType.entityIdColumns.map((_, part) => String(row[`id_${part}`]));
  return { entityId: encodeEntityId(parts), time: integerFromBigQuery(row.entity_time)! };
}

/** The most rows that have so many bytes: each row that counts has a time and all parts of its id. */
export function maxRows(bytes: bigint, tables: readonly BigQueryTable[]): bigint {
  const widths = tables.map(({ entityColumns }) =>
    entityColumns.reduce((sum, { type }) => sum + (type === 'INT64' ? INT64_BYTES : TEXT_BYTES), TIME_BYTES),
  );
  return bytes / widths.reduce((least, width) => (width < least ? width : least));
}
