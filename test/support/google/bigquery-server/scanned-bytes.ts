import type { SqlParameter, SqlValue } from '../googlesql/evaluator.js';
import { invalidQuery } from './api-error.js';
import { readMicros } from './schema.js';
import type { StoredTable } from './tables.js';

/** The bytes of one table that a query reads. */
export interface ScannedBytes {
  /** Known before the query runs: partitions are skipped, blocks are not. */
  readonly atMost: number;
  /** What the query really reads: blocks of a clustered table are skipped too. */
  readonly actual: number;
}

export interface Scan {
  readonly sql: string;
  /** `project.dataset.table`. */
  readonly path: string;
  readonly table: StoredTable;
  /** The indexes of the columns that are read. */
  readonly columns: readonly number[];
  readonly parameters: readonly SqlParameter[];
}

/**
 * The bytes of the columns that a query reads, in the partitions and blocks that it reads. They are skipped only by a
 * comparison of the partitioning or clustering column with a constant, which a parameter is and a column of another
 * table is not: as in BigQuery. A block has one value of the clustering columns here; real blocks have many.
 */
export function scannedBytes({ sql, path, table, columns, parameters }: Scan): ScannedBytes {
  const conditions = conditionsOf(sql, path);
  const valueOf = (name: string): SqlValue => parameters.find((parameter) => parameter.name === name)!.value;
  const partitioned = table.timePartitioning?.field;
  requireFilter(table, path, conditions);
  const bounds = comparisons(conditions, partitioned).map(({ operator, parameter }) => ({
    isUpper: operator.startsWith('<'),
    day: toDay(valueOf(parameter)),
  }));
  const column = indexOf(table, partitioned);
  const inPartitions = table.rows.filter((row) =>
    bounds.every(({ isUpper, day }) => (isUpper ? toDay(row[column]!) <= day : toDay(row[column]!) >= day)),
  );
  const keys = clusterFilters(table, conditions, valueOf);
  const inBlocks = inPartitions.filter((row) => keys.every(({ index, texts }) => texts.has(textOf(row[index]!))));
  const count = (rows: readonly SqlValue[][]): number =>
    rows.reduce((sum, row) => sum + columns.reduce((size, index) => size + countBytes(row[index] ?? {}), 0), 0);
  return { atMost: count(inPartitions), actual: count(inBlocks) };
}

/** The text of the part of a query that reads a table: the history has the alias h in each of them. */
function conditionsOf(sql: string, path: string): string {
  const reads = sql.split(/(?=`[^`]+` AS h\b)/);
  return reads.filter((part) => part.startsWith(`\`${path}\` AS h`)).join('\n');
}

function comparisons(sql: string, column: string | undefined): { operator: string; parameter: string }[] {
  if (column === undefined) return [];
  return [...sql.matchAll(new RegExp(`\\bh\\.\`${column}\` (<=|<|>=|>) @(\\w+)`, 'g'))].map(
    ([, operator, parameter]) => ({ operator: operator!, parameter: parameter! }),
  );
}

/** A filter on a clustering column skips blocks only where those before it are filtered too. */
function clusterFilters(
  table: StoredTable,
  sql: string,
  valueOf: (parameter: string) => SqlValue,
): { index: number; texts: ReadonlySet<string> }[] {
  const filters: { index: number; texts: ReadonlySet<string> }[] = [];
  for (const name of table.clustering?.fields ?? []) {
    const [, list, one] = new RegExp(`\\bh\\.\`${name}\` (?:IN UNNEST\\(@(\\w+)\\)|= @(\\w+))`, 'i').exec(sql) ?? [];
    if (list === undefined && one === undefined) break;
    const values = list === undefined ? [valueOf(one!)] : (valueOf(list).array_value?.element ?? []);
    filters.push({ index: indexOf(table, name), texts: new Set(values.map(textOf)) });
  }
  return filters;
}

/** BigQuery requires a comparison that could skip partitions, whether it does or not. */
function requireFilter(table: StoredTable, path: string, sql: string): void {
  const { requirePartitionFilter, field } = table.timePartitioning ?? {};
  if (!requirePartitionFilter && !table.requirePartitionFilter) return;
  if (new RegExp(`\\bh\\.\`${field}\` (<=|<|>=|>|=) (@|TIMESTAMP|DATE|\\d)`).test(sql)) return;
  throw invalidQuery(
    `Cannot query over table '${path}' without a filter over column(s) '${field}' that can be used for partition elimination`,
  );
}

function indexOf(table: StoredTable, name: string | undefined): number {
  return table.fields.findIndex((field) => field.name.toLowerCase() === name?.toLowerCase());
}

function textOf(value: SqlValue): string {
  return String(value.string_value ?? value.int64_value);
}

const toDay = (value: SqlValue): bigint => readMicros(value) / 86_400_000_000n;

/** https://cloud.google.com/bigquery/pricing: 8 bytes a number or timestamp, 2 bytes and its length a text. */
function countBytes(value: SqlValue): number {
  if (value.array_value) return (value.array_value.element ?? []).reduce((sum, item) => sum + countBytes(item), 0);
  if (value.string_value !== undefined) return 2 + Buffer.byteLength(value.string_value);
  if (value.json_value !== undefined) return 2 + Buffer.byteLength(value.json_value);
  if (value.bytes_value !== undefined) return 2 + value.bytes_value.length;
  if (value.bool_value !== undefined) return 1;
  return Object.keys(value).length === 0 ? 0 : 8;
}
