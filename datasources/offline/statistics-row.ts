import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import {
  measuredAs,
  type Distribution,
  type Distributions,
  type MeasuredValues,
  type TopValue,
  type TypedValues,
} from './statistics-read.js';

/** The one row that the query of a dialect gives, by the names of its columns. A column that the query lacks is null or empty. */
export interface StatisticsRow {
  readonly number: (name: string) => number | null;
  readonly integer: (name: string) => bigint | null;
  readonly instant: (name: string) => Instant | null;
  readonly value: (name: string) => RawValue | null;
  readonly values: (name: string) => readonly RawValue[];
  readonly numbers: (name: string) => readonly number[];
  /** Bins without a value are absent. */
  readonly bins: (name: string) => readonly { readonly bin: number; readonly counts: readonly bigint[] }[];
  readonly topValues: (name: string) => readonly TopValue[];
}

export function toDistributions(read: MeasuredValues, row: StatisticsRow): Distributions {
  const { feature, ranges } = read;
  const { isNumber } = measuredAs(feature);
  const edges = isNumber ? edgesOf(read, row) : [];
  return {
    ranges: ranges.map((_, range) => toDistribution(feature, row, range, edges)),
    edges,
    topValues: mergeTopValues(ranges.map((_, range) => row.topValues(`top_${range}`))),
  };
}

function toDistribution(
  feature: TypedValues,
  row: StatisticsRow,
  range: number,
  edges: readonly number[],
): Distribution {
  const { isNumber, isOrdered, isCompared } = measuredAs(feature);
  const count = row.integer(`count_${range}`) ?? 0n;
  const bins = isNumber ? toBins(row, range, edges) : [];
  return {
    count,
    missing: row.integer(`missing_${range}`) ?? 0n,
    distinct: isCompared ? (row.integer(`distinct_${range}`) ?? 0n) : null,
    notFinite: feature.valueType === 'DOUBLE' ? count - bins.reduce((sum, values) => sum + values, 0n) : null,
    ...moments(feature, row, range),
    min: isOrdered ? row.value(`min_${range}`) : null,
    max: isOrdered ? row.value(`max_${range}`) : null,
    quantiles: isOrdered ? row.values(`quantiles_${range}`) : [],
    bins,
    oldest: row.instant(`oldest_${range}`),
    newest: row.instant(`newest_${range}`),
  };
}

function moments(
  feature: TypedValues,
  row: StatisticsRow,
  range: number,
): Pick<Distribution, 'mean' | 'standardDeviation'> {
  const min = row.value(`min_${range}`);
  if (!measuredAs(feature).isNumber || min === null) return { mean: null, standardDeviation: null };
  if (feature.valueType === 'DOUBLE') {
    const scale = Math.max(Math.abs(min as number), Math.abs(row.value(`max_${range}`) as number));
    return {
      mean: scale * (row.number(`scaled_mean_${range}`) ?? 0),
      standardDeviation: scale * (row.number(`scaled_deviation_${range}`) ?? 0),
    };
  }
  return {
    mean: Number(row.integer(`sum_${range}`) ?? 0n) / Number(row.integer(`count_${range}`)),
    standardDeviation: row.number(`deviation_${range}`) ?? 0,
  };
}

/** All ends of the bins. A range of one number has one bin. */
function edgesOf({ ranges }: MeasuredValues, row: StatisticsRow): readonly number[] {
  const ends = (name: string): number[] =>
    ranges.flatMap((_, range) => {
      const value = row.value(`${name}_${range}`);
      return value === null ? [] : [Number(value)];
    });
  const [low, high] = [Math.min(...ends('min')), Math.max(...ends('max'))];
  if (low > high) return [];
  return low === high ? [low, high] : [low, ...row.numbers('edges'), high];
}

function toBins(row: StatisticsRow, range: number, edges: readonly number[]): bigint[] {
  const bins = Array.from({ length: Math.max(0, edges.length - 1) }, () => 0n);
  // A number that equals both ends of the only bin may be above a rounded inner end of the query.
  for (const { bin, counts } of row.bins('bins')) bins[Math.min(bin, bins.length - 1)]! += counts[range]!;
  return bins;
}

/** The most frequent values of all ranges, each once. The values of NaN are one. */
function mergeTopValues(lists: readonly (readonly TopValue[])[]): TopValue[] {
  return [...new Map(lists.flat().map((top) => [top.value, top])).values()];
}
