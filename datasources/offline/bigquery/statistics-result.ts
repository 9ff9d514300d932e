import type { RawValue } from '../../../values/value-type.js';
import { QUANTILE_PERCENTS, type StatisticsRead } from '../statistics-read.js';
import type { StatisticsRow } from '../statistics-row.js';
import type { ResultRow } from './query-jobs.js';
import { fromBigQuery, integerFromBigQuery } from './value-mapping.js';

/** The row of statisticsQuery. Without a row all counts are 0. */
export function statisticsRow(row: ResultRow, { feature, ranges }: StatisticsRead): StatisticsRow {
  const items = (name: string): readonly unknown[] => (row[name] ?? []) as readonly unknown[];
  const decode = (value: unknown): RawValue => fromBigQuery(feature.valueType, value)!;
  const countsOf = (item: ResultRow): bigint[] => ranges.map((_, range) => integerFromBigQuery(item[`n_${range}`])!);
  return {
    number: (name) => (row[name] ?? null) as number | null,
    integer: (name) => {
      const value = row[name];
      return typeof value === 'string' ? BigInt(value) : integerFromBigQuery(value);
    },
    instant: (name) => integerFromBigQuery(row[name]),
    value: (name) => fromBigQuery(feature.valueType, row[name]),
    values: (name) => {
      const percentiles = items(name);
      return percentiles.length === 0 ? [] : QUANTILE_PERCENTS.map((percent) => decode(percentiles[percent]));
    },
    numbers: (name) => items(name) as readonly number[],
    bins: (name) =>
      items(name).map((item) => {
        const struct = item as ResultRow;
        return { bin: Number(integerFromBigQuery(struct.bin)), counts: countsOf(struct) };
      }),
    topValues: (name) =>
      items(name).map((item) => {
        const struct = item as ResultRow;
        return { value: decode(struct.value), counts: countsOf(struct) };
      }),
  };
}
