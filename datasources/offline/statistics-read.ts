import type { Instant } from '../../values/instant.js';
import type { RawValue, ValueType } from '../../values/value-type.js';
import type { Feature } from '../registry/model.js';
import type { PaidRead } from './query-payer.js';

/** Values whose distributions are computed, wherever they are: in a history, or in what a job wrote. */
export interface MeasuredValues {
  readonly feature: TypedValues;
  /** Each part has a distribution. */
  readonly ranges: readonly unknown[];
  /** The number of bins of a histogram. */
  readonly bins: number;
  /** The most frequent values of each range that are counted one by one. */
  readonly maxTopValues: number;
}

/** Values of one type: a feature, or a column. */
export type TypedValues = Pick<Feature, 'name' | 'valueType'>;

/** The part of a history that statistics are computed of. */
export interface StatisticsRead extends MeasuredValues, PaidRead {
  readonly feature: Feature;
  /** One range, or several that are compared: their histograms share bins. They may overlap. A static source ignores them. */
  readonly ranges: readonly TimeRange[];
  /** Canonical ids; null: all entities. */
  readonly entityIds: readonly string[] | null;
  /** If it aborts, the read rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface TimeRange {
  /** Inclusive. */
  readonly from: Instant;
  /** Exclusive. */
  readonly before: Instant;
}

/**
 * The distributions of a feature over some ranges. A value counts once for each entity and event time: the newest arrival, as in
 * a history.
 */
export interface Distributions {
  /** In the order of the read. */
  readonly ranges: readonly Distribution[];
  /** The ends of the bins that all histograms share, ascending: one more than bins. Empty without a number. */
  readonly edges: readonly number[];
  /** The most frequent values of any range, with the counts of all ranges. */
  readonly topValues: readonly TopValue[];
}

/** A number that the value type does not have is null. */
export interface Distribution {
  /** Values. */
  readonly count: bigint;
  /** Entities and event times without a value. */
  readonly missing: bigint;
  /** Different values. null: the value type is only counted. */
  readonly distinct: bigint | null;
  /** Values that are NaN or infinite: no other number below counts them. null: the type has none. */
  readonly notFinite: bigint | null;
  readonly mean: number | null;
  /** Of the population. */
  readonly standardDeviation: number | null;
  /** null: there is no finite value. */
  readonly min: RawValue | null;
  readonly max: RawValue | null;
  /** The values at QUANTILE_PERCENTS; empty without a finite value. */
  readonly quantiles: readonly RawValue[];
  /** Values in each bin. */
  readonly bins: readonly bigint[];
  /** The oldest and the newest event time, also of rows without a value. */
  readonly oldest: Instant | null;
  readonly newest: Instant | null;
}

export interface TopValue {
  readonly value: RawValue;
  /** For each range. */
  readonly counts: readonly bigint[];
}

/** The quantiles: the value at p percent is the smallest that is not less than p percent of the values. */
export const QUANTILE_PERCENTS = [1, 5, 10, 25, 50, 75, 90, 95, 99] as const;

/** What can be said of values of a type, beside their count. */
export interface MeasuredAs {
  /** A number: it has a mean and a histogram. */
  readonly isNumber: boolean;
  /** A number or a time: it has a minimum, a maximum and quantiles. */
  readonly isOrdered: boolean;
  /** Its values are compared: it has different values and most frequent ones. */
  readonly isCompared: boolean;
}

const NUMBER: MeasuredAs = { isNumber: true, isOrdered: true, isCompared: true };
const TIME: MeasuredAs = { isNumber: false, isOrdered: true, isCompared: true };
const CATEGORY: MeasuredAs = { isNumber: false, isOrdered: false, isCompared: true };
const ONLY_COUNTED: MeasuredAs = { isNumber: false, isOrdered: false, isCompared: false };

const MEASURED_AS = {
  BOOL: CATEGORY,
  BOOL_ARRAY: ONLY_COUNTED,
  DOUBLE: NUMBER,
  DOUBLE_ARRAY: ONLY_COUNTED,
  INT64: NUMBER,
  INT64_ARRAY: ONLY_COUNTED,
  STRING: CATEGORY,
  STRING_ARRAY: ONLY_COUNTED,
  BYTES: ONLY_COUNTED,
  STRUCT: ONLY_COUNTED,
  TIMESTAMP: TIME,
} satisfies Record<ValueType, MeasuredAs>;

export function measuredAs({ valueType }: Pick<Feature, 'valueType'>): MeasuredAs {
  return MEASURED_AS[valueType];
}

/** The inner ends of the bins, as weights of the lowest and the highest number: such a mean is never beyond a double, as their difference can be. */
export function innerEdges(bins: number): { readonly ofLow: number; readonly ofHigh: number }[] {
  return Array.from({ length: bins - 1 }, (_, index) => ({
    ofLow: 1 - (index + 1) / bins,
    ofHigh: (index + 1) / bins,
  }));
}

/** A list of SQL for each range; the names of its columns end with the number of the range. */
export function eachRange({ ranges }: MeasuredValues, sql: (range: number) => string): string {
  return ranges.map((_, range) => sql(range)).join(', ');
}
