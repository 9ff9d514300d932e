import { encodeEntityId } from '../../../values/entity-id.js';
import type { FeatureValue } from '../../../values/value-type.js';
import type { OnlineWrite, ValueVersion } from '../../online/online-store.js';
import type { FeatureSource } from '../../registry/model.js';
import type { BigQuerySql } from '../point-in-time/bigquery-parameters.js';
import {
  historyColumn,
  isThere,
  newestOf,
  quoteForBigQuery,
  selected,
  valueOrNull,
  valueThere,
  type BigQueryTable,
} from '../point-in-time/bigquery-table.js';
import type { ResultRow } from './query-jobs.js';
import { fromBigQuery, integerFromBigQuery } from './value-mapping.js';

/**
 * The newest values of every entity with their versions, chosen by the same order of ties as a point-in-time read. In a
 * dense entity type that is one whole row; otherwise each feature has its own, so an entity may give several writes.
 */
export function newestQuery(source: FeatureSource, table: BigQueryTable): BigQuerySql {
  const ids = table.entityColumns.map(({ name, type }, part) =>
    type === 'STRING' ? `${historyColumn(name)} AS id_${part}` : `CAST(${historyColumn(name)} AS STRING) AS id_${part}`,
  );
  const { grouped, result } = source.entityType.dense ? wholeRows(source, table) : eachValue(source, table);
  const sql = `SELECT ${[...table.entityColumns.map((_, part) => `n.id_${part}`), ...result].join(',\n  ')}
FROM (
  SELECT ${[...ids, ...grouped].join(',\n    ')}
  FROM ${quoteForBigQuery(table.path)} AS h
  GROUP BY ${table.entityColumns.map(({ name }) => historyColumn(name)).join(', ')}
) AS n`;
  return { sql, params: {}, types: {} };
}

interface Columns {
  /** Computed for each entity. */
  readonly grouped: readonly string[];
  /** Selected from that, with times as microseconds. */
  readonly result: readonly string[];
}

function wholeRows(source: FeatureSource, table: BigQueryTable): Columns {
  const values = source.features.flatMap((feature, number) => [
    `${valueOrNull(table, feature)} AS v_${number}`,
    `${isThere(table, feature)} AS there_${number}`,
  ]);
  return {
    grouped: [`${newestOf(table, [...versionFields(table), ...values])} AS newest`],
    result: [
      ...versionColumns(table, 'n.newest', ''),
      ...source.features.flatMap((feature, number) => [
        `${selected(feature, `n.newest.v_${number}`)} AS value_${number}`,
        `n.newest.there_${number} AS there_${number}`,
      ]),
    ],
  };
}

function eachValue(source: FeatureSource, table: BigQueryTable): Columns {
  const newestTime = table.eventTime === null ? [] : [`MAX(${historyColumn(table.eventTime)}) AS newest_time`];
  return {
    grouped: [
      ...newestTime,
      ...source.features.map((feature, number) => {
        const fields = [...versionFields(table), `${valueThere(feature)} AS v`];
        return `${newestOf(table, fields, isThere(table, feature))} AS newest_${number}`;
      }),
    ],
    result: [
      `${table.eventTime === null ? 'CAST(NULL AS INT64)' : 'UNIX_MICROS(n.newest_time)'} AS newest_time`,
      ...source.features.flatMap((feature, number) => [
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

/** What a row of the result writes online. */
export function newestWrites(row: ResultRow, source: FeatureSource): OnlineWrite[] {
  const { entityIdColumns, dense } = source.entityType;
  const entityId = encodeEntityId(entityIdColumns.map((_, part) => String(row[`id_${part}`])));
  const valueOf = (number: number): FeatureValue | null =>
    row[`there_${number}`] === true ? fromBigQuery(source.features[number]!.valueType, row[`value_${number}`]) : null;
  if (dense) {
    const values = source.features.map(({ name }, number): [string, FeatureValue | null] => [name, valueOf(number)]);
    return [{ entityId, source, version: versionOf(row, ''), values: new Map(values) }];
  }
  // One write a feature, and one without values for the source's newest row: it tells NULL from NOT_FOUND.
  const newestRow: ValueVersion = {
    timestamp: integerFromBigQuery(row.newest_time),
    createdTimestamp: null,
    sequence: null,
  };
  return [
    { entityId, source, version: newestRow, values: new Map() },
    ...source.features.flatMap(({ name }, number): OnlineWrite[] => {
      const value = valueOf(number);
      if (value === null) return [];
      return [{ entityId, source, version: versionOf(row, `_${number}`), values: new Map([[name, value]]) }];
    }),
  ];
}

function versionOf(row: ResultRow, suffix: string): ValueVersion {
  return {
    timestamp: integerFromBigQuery(row[`t${suffix}`]),
    createdTimestamp: integerFromBigQuery(row[`c${suffix}`]),
    sequence: integerFromBigQuery(row[`s${suffix}`]),
  };
}
