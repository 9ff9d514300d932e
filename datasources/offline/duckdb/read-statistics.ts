import {
  LIST,
  TIMESTAMP,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBListValue,
  type DuckDBStructValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { instantFromDuckDb } from '../../duckdb/value-mapping.js';
import type { RawValue } from '../../../values/value-type.js';
import { Parameters } from '../point-in-time/sql-text.js';
import type { Distributions, MeasuredValues, StatisticsRead } from '../statistics-read.js';
import { toDistributions, type StatisticsRow } from '../statistics-row.js';
import { distributionsSql, newestSql } from './statistics-sql.js';

/** The distributions of a feature, from one query with one row. */
export function readStatistics(connection: DuckDBConnection, read: StatisticsRead): Promise<Distributions> {
  const parameters = new Parameters<DuckDBValue>();
  return readDistributions(connection, read, newestSql(read, parameters), parameters);
}

/** The distributions of the values that `newest` selects (see distributionsSql). */
export async function readDistributions(
  connection: DuckDBConnection,
  read: MeasuredValues,
  newest: string,
  parameters: Parameters<DuckDBValue>,
): Promise<Distributions> {
  const types = parameters.values.map((value) =>
    typeof value === 'object' && value !== null && 'items' in value ? LIST(VARCHAR) : TIMESTAMP,
  );
  const sql = distributionsSql(read, newest);
  const [row = {}] = (await connection.runAndReadAll(sql, parameters.values, types)).getRowObjects();
  return toDistributions(read, statisticsRow(row, read.ranges.length));
}

function statisticsRow(row: Readonly<Record<string, DuckDBValue>>, ranges: number): StatisticsRow {
  const items = (name: string): readonly DuckDBValue[] =>
    (row[name] as DuckDBListValue | null | undefined)?.items ?? [];
  const counted = (name: string, value: string) =>
    items(name).map((item) => {
      const { entries } = item as DuckDBStructValue;
      const counts = Array.from({ length: ranges }, (_, range) => entries[`n_${range}`] as bigint);
      return { value: entries[value] as RawValue, counts };
    });
  return {
    number: (name) => (row[name] ?? null) as number | null,
    integer: (name) => {
      const value = row[name] ?? null;
      return typeof value === 'string' ? BigInt(value) : (value as bigint | null);
    },
    instant: (name) => instantFromDuckDb(row[name]),
    // Numbers, times as microseconds, booleans and texts are the same in both.
    value: (name) => (row[name] ?? null) as RawValue | null,
    values: (name) => items(name) as readonly RawValue[],
    numbers: (name) => items(name) as readonly number[],
    bins: (name) => counted(name, 'bin').map(({ value, counts }) => ({ bin: Number(value), counts })),
    topValues: (name) => counted(name, 'value'),
  };
}
