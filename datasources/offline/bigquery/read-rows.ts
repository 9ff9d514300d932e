import { decodeEntityId, encodeEntityId } from '../../../values/entity-id.js';
import type { RawValue } from '../../../values/value-type.js';
import type { FeatureRow, RowsRead } from '../offline-store.js';
import { noCreationTime } from '../point-in-time/no-creation-time.js';
import { BigQueryParameters, type BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { entityConditions, partitionConditions } from '../point-in-time/bigquery/row-filters.js';
import {
  historyColumn,
  isKnownSql,
  quoteForBigQuery,
  selected,
  valueOrNull,
  type BigQueryTable,
} from '../point-in-time/bigquery/table.js';
import type { ResultRow } from './query-jobs.js';
import { fromBigQuery, integerFromBigQuery } from './value-mapping.js';

/**
 * The rows as they are stored, in one scan for any number of entities. The query filters each part of a composite id
 * separately, because the table is clustered by the parts. So the result also has rows of other entities. Undefined
 * when no row can have one of the ids, or a later event time.
 */
export function rowsQuery(
  { source, entityIds, features, to, written, later }: RowsRead,
  table: BigQueryTable,
): BigQuerySql | undefined {
  const parameters = new BigQueryParameters();
  const ids = entityIds?.map((entityId) => decodeEntityId(entityId, source.entityType.entityIdColumns));
  const ofEntities = ids ? entityConditions(table, ids, parameters) : [];
  if (ofEntities === undefined || (later && table.eventTime === null)) return undefined;
  const time = table.eventTime === null ? '' : historyColumn(table.eventTime);
  const hasLatest = table.eventTime !== null && to !== null;
  if (written && table.createdTime === null) throw noCreationTime(source);
  const created = table.createdTime === null ? '' : historyColumn(table.createdTime);
  const conditions = [
    ...partitionConditions(table, { hasTime: hasLatest || later !== undefined }),
    ...ofEntities,
    ...(hasLatest ? [`${time} <= ${parameters.addInstant('latest', to)}`] : []),
    ...(later ? [`${time} > ${parameters.addInstant('later_than', later.than)}`] : []),
    ...(written ? [`${created} > ${parameters.addInstant('written_after', written.after)}`] : []),
    ...(written?.upTo == null ? [] : [`${created} <= ${parameters.addInstant('written_up_to', written.upTo)}`]),
  ];
  const order = [
    ...(written ? [created] : []),
    ...(later ? [time] : []),
    ...(table.arrival === null ? [] : [historyColumn(table.arrival)]),
  ];
  // Of composite ids, the query finds rows of other entities too, and these would count.
  const canLimit = entityIds === null || table.entityColumns.length === 1;
  const maximum = written?.limit ?? later?.limit ?? null;
  const limit = canLimit && maximum !== null ? `\nLIMIT ${maximum}` : '';
  const micros = (column: string | null): string =>
    column === null ? 'CAST(NULL AS INT64)' : `UNIX_MICROS(${historyColumn(column)})`;
  const columns = [
    ...table.entityColumns.map(({ name }, part) => `CAST(${historyColumn(name)} AS STRING) AS id_${part}`),
    `${micros(table.eventTime)} AS event_time`,
    `${micros(table.createdTime)} AS created_time`,
    `${table.sequence === null ? 'CAST(NULL AS INT64)' : historyColumn(table.sequence)} AS sequence`,
    ...features.flatMap((feature, number) => [
      `${selected(feature, valueOrNull(table, feature))} AS value_${number}`,
      `${isKnownSql(table, feature)} AS there_${number}`,
    ]),
  ];
  const sql = `SELECT ${columns.join(',\n  ')}
FROM ${quoteForBigQuery(table.path)} AS h
WHERE ${conditions.join(' AND ') || 'TRUE'}${order.length === 0 ? '' : `\nORDER BY ${order.join(', ')}`}${limit}`;
  return { sql, params: parameters.params, types: parameters.types };
}

export function storedRow(row: ResultRow, { source, features }: RowsRead): FeatureRow {
  return {
    entityId: encodeEntityId(source.entityType.entityIdColumns.map((_, part) => String(row[`id_${part}`]))),
    timestamp: integerFromBigQuery(row.event_time),
    createdTimestamp: integerFromBigQuery(row.created_time),
    sequence: integerFromBigQuery(row.sequence),
    values: new Map(
      features.map(({ name, valueType }, number): [string, RawValue | null] => [
        name,
        // BigQuery returns a null array as an empty one.
        row[`there_${number}`] === true ? fromBigQuery(valueType, row[`value_${number}`]) : null,
      ]),
    ),
  };
}
