import { toElementType } from '../../../../values/value-type.js';
import type { Feature } from '../../../registry/model.js';
import { valueSql } from './value-sql.js';

/**
 * How the history of a source lies in BigQuery. Columns that a table does not have are null: a table that someone else
 * made need have no more than the id, the time and the features.
 */
export interface BigQueryTable {
  /** `project.dataset.table`, not quoted. */
  readonly path: string;
  readonly entityColumns: readonly EntityColumn[];
  /** null for a static source. */
  readonly eventTime: string | null;
  readonly createdTime: string | null;
  readonly sequence: string | null;
  /** An INT64 that grows with each row written: the last tie-break, as tables keep no order of arrival. */
  readonly arrival: string | null;
  /** An ARRAY<STRING> with the names of the row's array features that are empty, and not null. */
  readonly emptyArrays: string | null;
}

export interface EntityColumn {
  readonly name: string;
  readonly type: 'STRING' | 'INT64';
}

/** Backslashes and backquotes are in no name of a registry or of BigQuery; escaped all the same. */
export function quoteForBigQuery(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** A column of the history, which every query calls h. */
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
 * True where a row has a value of the feature. BigQuery stores a null array as an empty one, so an empty array counts as
 * null unless the row says that it is meant.
 */
export function isKnownSql(table: BigQueryTable, feature: Feature): string {
  const column = historyColumn(feature.column);
  if (!toElementType(feature.valueType)) return `${column} IS NOT NULL`;
  const hasElements = `ARRAY_LENGTH(${column}) > 0`;
  if (table.emptyArrays === null) return hasElements;
  return `(${hasElements} OR '${feature.name}' IN UNNEST(${historyColumn(table.emptyArrays)}))`;
}

/** A feature's value of a row where there is one. */
export function valueIsKnownSql(feature: Feature): string {
  return valueSql(feature).read(historyColumn(feature.column));
}

/** A feature's value of a row, null where there is none. */
export function valueOrNull(table: BigQueryTable, feature: Feature): string {
  const value = valueIsKnownSql(feature);
  return valueSql(feature).keepsNull ? value : `IF(${isKnownSql(table, feature)}, ${value}, NULL)`;
}

/**
 * The newest row of a group as a struct, or its newest row with a value of a feature. ARRAY_AGG with a LIMIT keeps one
 * row a group while it reads; an analytic function over a long history sorts it whole and runs out of memory.
 */
export function newestRowSql(table: BigQueryTable, fields: readonly string[], where?: string): string {
  const row = `STRUCT(${fields.join(', ')})`;
  const order = newestFirst(table);
  const orderBy = order === '' ? '' : ` ORDER BY ${order}`;
  const rows = where === undefined ? row : `IF(${where}, ${row}, NULL) IGNORE NULLS`;
  return `ARRAY_AGG(${rows}${orderBy} LIMIT 1)[SAFE_OFFSET(0)]`;
}

/** What a query gives back of a value. */
export function selected(feature: Feature, value: string): string {
  return valueSql(feature).select(value);
}
