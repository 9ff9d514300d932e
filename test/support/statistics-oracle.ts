import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import {
  QUANTILE_PERCENTS,
  type Distribution,
  type Distributions,
  type StatisticsRead,
  type TimeRange,
  type TopValue,
} from '../../datasources/offline/statistics-read.js';
import type { Feature } from '../../datasources/registry/model.js';
import type { RawValue } from '../../values/value-type.js';
import { oracleCell } from './point-in-time-oracle.js';
import { DEFAULT_OPTIONS } from '../../datasources/offline/point-in-time/plan.js';

/** docs/statistics.md as the plainest program: lists, sorting and loops. It shares no code with the SQL. */
export function oracleDistributions(rows: readonly FeatureRow[], read: StatisticsRead): Distributions {
  const { feature, ranges, maxTopValues } = read;
  const observed = observations(rows, read);
  const ofRanges = ranges.map((range) => observed.filter(({ time }) => isIn(feature, range, time)));
  const numbers = ofRanges.map((of) => of.flatMap(({ value }) => (isNumber(feature, value) ? [Number(value)] : [])));
  const edges = toEdges(numbers.flat(), read.bins);
  const counts = ofRanges.map((of) => countValues(valuesOf(of)));
  const top = counts.flatMap((count) =>
    [...count].toSorted((one, other) => other[1] - one[1] || compare(one[0], other[0])).slice(0, maxTopValues),
  );
  const isCompared = ['BOOL', 'DOUBLE', 'INT64', 'STRING', 'TIMESTAMP'].includes(feature.valueType);
  return {
    ranges: ofRanges.map((of, range) => ({
      ...distribution(feature, of),
      distinct: isCompared ? BigInt(counts[range]!.size) : null,
      bins: edges.slice(1).map((_, bin) => BigInt(numbers[range]!.filter((n) => binOf(n, edges) === bin).length)),
    })),
    edges,
    topValues: isCompared
      ? [...new Set(top.map(([value]) => value))].map((value) => ({
          value,
          counts: counts.map((count) => BigInt(count.get(value) ?? 0)),
        }))
      : [],
  };
}

interface Observation {
  readonly time: bigint | null;
  readonly value: RawValue | null;
}

/** One for each entity and event time: what a read as of that time gives, if the row is of that time. */
function observations(rows: readonly FeatureRow[], { feature, entityIds }: StatisticsRead): Observation[] {
  const isStatic = feature.source.timestampColumn === null;
  const moments = new Map<string, FeatureRow[]>();
  for (const row of rows) {
    if (entityIds !== null && !entityIds.includes(row.entityId!)) continue;
    const key = JSON.stringify([row.entityId, isStatic ? null : String(row.timestamp)]);
    moments.set(key, [...(moments.get(key) ?? []), row]);
  }
  return [...moments.values()].map((ofMoment) => {
    const { entityId, timestamp } = ofMoment[0]!;
    const { value } = oracleCell(ofMoment, { entityId, time: timestamp ?? 0n }, feature, {
      ...DEFAULT_OPTIONS,
      includeExpired: true,
    });
    return { time: isStatic ? null : timestamp, value: Object.is(value, -0) ? 0 : value };
  });
}

function valuesOf(observed: readonly Observation[]): RawValue[] {
  return observed.map(({ value }) => value).filter((value) => value !== null);
}

function isIn(feature: Feature, { from, before }: TimeRange, time: bigint | null): boolean {
  return feature.source.timestampColumn === null || (time! >= from && time! < before);
}

function isNumber({ valueType }: Feature, value: RawValue | null): boolean {
  return value !== null && (valueType === 'INT64' || (valueType === 'DOUBLE' && Number.isFinite(value)));
}

function distribution(feature: Feature, observed: readonly Observation[]): Omit<Distribution, 'distinct' | 'bins'> {
  const values = valuesOf(observed);
  const isOrdered = ['INT64', 'DOUBLE', 'TIMESTAMP'].includes(feature.valueType);
  const sorted = isOrdered
    ? values.filter((value) => typeof value === 'bigint' || Number.isFinite(value)).toSorted(compare)
    : [];
  const times = observed.flatMap(({ time }) => time ?? []).toSorted(compare);
  return {
    count: BigInt(values.length),
    missing: BigInt(observed.length - values.length),
    notFinite: feature.valueType === 'DOUBLE' ? BigInt(values.length - sorted.length) : null,
    ...(feature.valueType === 'TIMESTAMP' ? { mean: null, standardDeviation: null } : moments(sorted)),
    min: sorted[0] ?? null,
    max: sorted.at(-1) ?? null,
    quantiles:
      sorted.length === 0
        ? []
        : QUANTILE_PERCENTS.map((percent) => sorted[Math.ceil((percent * sorted.length) / 100) - 1]!),
    oldest: times[0] ?? null,
    newest: times.at(-1) ?? null,
  };
}

function moments(values: readonly RawValue[]): Pick<Distribution, 'mean' | 'standardDeviation'> {
  if (values.length === 0) return { mean: null, standardDeviation: null };
  const n = values.length;
  if (typeof values[0] === 'bigint') {
    const integers = values as readonly bigint[];
    const sum = integers.reduce((total, value) => total + value, 0n);
    // n² times the variance is exact.
    const squares = integers.reduce((total, value) => total + value * value, 0n) * BigInt(n) - sum * sum;
    return { mean: Number(sum) / n, standardDeviation: Math.sqrt(Number(squares)) / n };
  }
  const numbers = values as readonly number[];
  const mean = numbers.reduce((total, value) => total + value / n, 0);
  const scale = Math.max(...numbers.map(Math.abs)) || 1;
  const variance = numbers.reduce((total, value) => total + (value / scale - mean / scale) ** 2 / n, 0);
  return { mean, standardDeviation: Math.sqrt(variance) * scale };
}

function toEdges(numbers: readonly number[], bins: number): number[] {
  if (numbers.length === 0) return [];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (low === high) return [low, high];
  const inner = Array.from({ length: bins - 1 }, (_, index) => {
    const share = (index + 1) / bins;
    return low * (1 - share) + high * share;
  });
  return [low, ...inner, high];
}

function binOf(number: number, edges: readonly number[]): number {
  return edges.length === 2 ? 0 : edges.slice(1, -1).filter((edge) => edge <= number).length;
}

function countValues(values: readonly RawValue[]): Map<RawValue, number> {
  const counts = new Map<RawValue, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Ascending; NaN is the last, texts are in the order of their bytes. */
function compare(one: RawValue, other: RawValue): number {
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(other as string));
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The same list, whatever the order in which a store lists values. */
export function inOrder(values: readonly TopValue[]): TopValue[] {
  return values.toSorted((one, other) => compare(one.value, other.value));
}
