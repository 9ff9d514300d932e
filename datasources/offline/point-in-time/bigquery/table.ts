import { toElementType } from '../../../../values/value-type.js';
import type { Feature } from '../../../registry/model.js';
import { valueSql } from './value-sql.js';

/**
 * The table with the history of a source in BigQuery. Optional columns that a table lacks are null here: a table that
 * others created needs only the id, the time and the features.
 */
export interface BigQueryTable {
  /** `project.dataset.table`, not quoted. */
  readonly path: string;
  readonly entityColumns: readonly EntityColumn[];
  /** null for a static source. */
  readonly eventTime: string | null;
  readonly createdTime: string | null;
  readonly sequence: string | null;
  /**
   * An INT64 that grows with each written row. It is the last tie-break, because tables do not preserve the arrival
   * order.
   */
  readonly arrival: string | null;
  /** An ARRAY<STRING> with the names of the row's array features that are empty and not null. */
  readonly emptyArrays: string | null;
  /** The partitioning column of a table that refuses queries without a filter on it; null where none is required. */
  readonly requiredFilter: { readonly column: string; readonly type: PartitionType } | null;
}

/** The type of a column that a table is partitioned by. */
export type PartitionType = 'TIMESTAMP' | 'DATETIME' | 'DATE' | 'INT64';

export interface EntityColumn {
  readonly name: string;
  readonly type: 'STRING' | 'INT64';
}

/**
 * Names of a registry or of BigQuery contain no backslash and no backquote; this function escapes them all the same.
 */
export function quoteForBigQuery(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** A column of the history; every query uses the alias h for it. */
export function historyColumn(name: string): string {
  return `h.${quoteForBigQuery(name)}`;
}

/**
 * The order of ties, the newest first. BigQuery orders nulls before all values, so with DESC an unknown time comes last:
 * an unknown time is the oldest.
 */
function newestFirst(table: BigQueryTable): string {
  return [table.eventTime, table.createdTime, table.sequence, table.arrival]
    .filter((column) => column !== null)
    .map((column) => `${historyColumn(column)} DESC`)
    .join(', ');
}

/**
 * True where a row has a value of the feature. BigQuery stores a null array as an empty one, so an empty array counts
 * as null unless the row lists it as empty.
 */
export function isKnownSql(table: BigQueryTable, feature: Feature): string {
  const column = historyColumn(feature.column);
  if (!toElementType(feature.valueType)) return `${column} IS NOT NULL`;
  const hasElements = `ARRAY_LENGTH(${column}) > 0`;
  if (table.emptyArrays === null) return hasElements;
  return `(${hasElements} OR '${feature.name}' IN UNNEST(${historyColumn(table.emptyArrays)}))`;
}

/** A feature's value in a row that has one. */
export function valueIsKnownSql(feature: Feature): string {
  return valueSql(feature).read(historyColumn(feature.column));
}

/** A feature's value in a row, null where there is none. */
export function valueOrNull(table: BigQueryTable, feature: Feature): string {
  const value = valueIsKnownSql(feature);
  return valueSql(feature).keepsNull ? value : `IF(${isKnownSql(table, feature)}, ${value}, NULL)`;
}

/**
 * The newest row of a group as a struct, or its newest row with a value of a feature. ARRAY_AGG with a LIMIT holds one
 * row per group while it reads; an analytic function sorts the whole history and runs out of memory.
 */
export function newestRowSql(table: BigQueryTable, fields: readonly string[], where?: string): string {
  const row = `STRUCT(${fields.join(', ')})`;
  const order = newestFirst(table);
  const orderBy = order === '' ? '' : ` ORDER BY ${order}`;
  const rows = where === undefined ? row : `IF(${where}, ${row}, NULL) IGNORE NULLS`;
  return `ARRAY_AGG(${rows}${orderBy} LIMIT 1)[SAFE_OFFSET(0)]`;
}

/** The parts of a value that a query returns. */
export function selected(feature: Feature, value: string): string {
  return valueSql(feature).select(value);
}
