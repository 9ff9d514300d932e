import { encodeEntityId } from '../../../values/entity-id.js';
import type { RawValue } from '../../../values/value-type.js';
import type { OnlineWrite, ValueVersion } from '../../online/online-store.js';
import type { Feature, FeatureSource } from '../../registry/model.js';
import { newestFeatures, type NewestRead } from '../offline-store.js';
import { BigQueryParameters, type BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { partitionConditions } from '../point-in-time/bigquery/row-filters.js';
import {
  historyColumn,
  isKnownSql,
  newestRowSql,
  quoteForBigQuery,
  selected,
  valueOrNull,
  valueIsKnownSql,
  type BigQueryTable,
} from '../point-in-time/bigquery/table.js';
import type { ResultRow } from './query-jobs.js';
import { fromBigQuery, integerFromBigQuery } from './value-mapping.js';

/**
 * The newest values of every entity with their versions. They use the same order of ties as a point-in-time read. In a
 * dense entity type that is one whole row; otherwise each feature has its own version, so an entity may give several
 * writes.
 */
export function newestQuery(source: FeatureSource, table: BigQueryTable, read: NewestRead = {}): BigQuerySql {
  const parameters = new BigQueryParameters();
  const features = newestFeatures(source, read);
  const ids = table.entityColumns.map(({ name, type }, part) =>
    type === 'STRING' ? `${historyColumn(name)} AS id_${part}` : `CAST(${historyColumn(name)} AS STRING) AS id_${part}`,
  );
  const { grouped, result } = source.entityType.dense ? wholeRows(features, table) : eachValue(features, table);
  const sql = `SELECT ${[...table.entityColumns.map((_, part) => `n.id_${part}`), ...result].join(',\n  ')}
FROM (
  SELECT ${[...ids, ...grouped].join(',\n    ')}
  FROM ${quoteForBigQuery(table.path)} AS h
  WHERE ${eligibleRows(table, read, parameters).join(' AND ')}
  GROUP BY ${table.entityColumns.map(({ name }) => historyColumn(name)).join(', ')}
) AS n`;
  return { sql, params: parameters.params, types: parameters.types };
}

/** Rows without an id or a time are not history; a table that others write may have some. */
function eligibleRows(table: BigQueryTable, { asOf }: NewestRead, parameters: BigQueryParameters): string[] {
  const hasId = [
    ...partitionConditions(table, { hasTime: asOf !== undefined }),
    ...table.entityColumns.map(({ name }) => `${historyColumn(name)} IS NOT NULL`),
  ];
  if (table.eventTime === null) return hasId;
  const time = historyColumn(table.eventTime);
  return [...hasId, asOf === undefined ? `${time} IS NOT NULL` : `${time} <= ${parameters.addInstant('as_of', asOf)}`];
}

interface Columns {
  /** The expressions to compute for each entity. */
  readonly grouped: readonly string[];
  /** The columns to select from the result, with times as microseconds. */
  readonly result: readonly string[];
}

function wholeRows(features: readonly Feature[], table: BigQueryTable): Columns {
  const values = features.flatMap((feature, number) => [
    `${valueOrNull(table, feature)} AS v_${number}`,
    `${isKnownSql(table, feature)} AS there_${number}`,
  ]);
  return {
    grouped: [`${newestRowSql(table, [...versionFields(table), ...values])} AS newest`],
    result: [
      ...versionColumns(table, 'n.newest', ''),
      ...features.flatMap((feature, number) => [
        `${selected(feature, `n.newest.v_${number}`)} AS value_${number}`,
        `n.newest.there_${number} AS there_${number}`,
      ]),
    ],
  };
}

function eachValue(features: readonly Feature[], table: BigQueryTable): Columns {
  const newestTime = table.eventTime === null ? [] : [`MAX(${historyColumn(table.eventTime)}) AS newest_time`];
  return {
    grouped: [
      ...newestTime,
      ...features.map((feature, number) => {
        const fields = [...versionFields(table), `${valueIsKnownSql(feature)} AS v`];
        return `${newestRowSql(table, fields, isKnownSql(table, feature))} AS newest_${number}`;
      }),
    ],
    result: [
      `${table.eventTime === null ? 'CAST(NULL AS INT64)' : 'UNIX_MICROS(n.newest_time)'} AS newest_time`,
      ...features.flatMap((feature, number) => [
        ...versionColumns(table, `n.newest_${number}`, `_${number}`),
        `${selected(feature, `n.newest_${number}.v`)} AS value_${number}`,
        `n.newest_${number} IS NOT NULL AS there_${number}`,
      ]),
    ],
  };
}

function versionFields({ eventTime, createdTime, sequence }: BigQueryTable): string[] {
  const field = (column: string | null, name: string) =>
    column === null ? [] : [`${historyColumn(column)} AS ${name}`];
  return [...field(eventTime, 't'), ...field(createdTime, 'c'), ...field(sequence, 's')];
}

function versionColumns({ eventTime, createdTime, sequence }: BigQueryTable, row: string, suffix: string): string[] {
  return [
    ...(eventTime === null ? [] : [`UNIX_MICROS(${row}.t) AS t${suffix}`]),
    ...(createdTime === null ? [] : [`UNIX_MICROS(${row}.c) AS c${suffix}`]),
    ...(sequence === null ? [] : [`${row}.s AS s${suffix}`]),
  ];
}

/** The online writes of a row of the result. */
export function newestWrites(row: ResultRow, source: FeatureSource, read: NewestRead = {}): OnlineWrite[] {
  const features = newestFeatures(source, read);
  const { entityIdColumns, dense } = source.entityType;
  const entityId = encodeEntityId(entityIdColumns.map((_, part) => String(row[`id_${part}`])));
  const valueOf = (number: number): RawValue | null =>
    row[`there_${number}`] === true ? fromBigQuery(features[number]!.valueType, row[`value_${number}`]) : null;
  if (dense) {
    const values = features.map(({ name }, number): [string, RawValue | null] => [name, valueOf(number)]);
    return [{ entityId, source, version: readVersion(row, ''), values: new Map(values) }];
  }
  const isPartial = features.length < source.features.length;
  const writes = features.flatMap(({ name }, number): OnlineWrite[] => {
    const value = valueOf(number);
    if (value === null) return [];
    return [{ entityId, source, version: readVersion(row, `_${number}`), values: new Map([[name, value]]), isPartial }];
  });
  if (isPartial) return writes;
  // One write per feature, and one without values for the source's newest row. That one distinguishes NULL from
  // NOT_FOUND for all features of the source, so it is omitted when some features were not read.
  const newestRow: ValueVersion = {
    timestamp: integerFromBigQuery(row.newest_time),
    createdTimestamp: null,
    sequence: null,
  };
  return [{ entityId, source, version: newestRow, values: new Map() }, ...writes];
}

function readVersion(row: ResultRow, suffix: string): ValueVersion {
  return {
    timestamp: integerFromBigQuery(row[`t${suffix}`]),
    createdTimestamp: integerFromBigQuery(row[`c${suffix}`]),
    sequence: integerFromBigQuery(row[`s${suffix}`]),
  };
}
