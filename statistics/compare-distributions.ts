import { measuredAs, type Distributions, type TypedValues } from '../datasources/offline/statistics-read.js';
import { badInput } from '../errors/app-error.js';
import type { ValueType } from '../values/value-type.js';
import { jensenShannon, lInfinity, populationStabilityIndex, shares, wasserstein } from './drift.js';

/** They are the values of DriftMetric in the schema. */
export const DRIFT_METRICS = ['JENSEN_SHANNON', 'L_INFINITY', 'POPULATION_STABILITY_INDEX', 'WASSERSTEIN'] as const;
export type DriftMetric = (typeof DRIFT_METRICS)[number];

/** The threshold of a feature whose registry has none: that of the feature monitors of Vertex AI. */
export const DEFAULT_DRIFT_THRESHOLD = 0.3;

/** The most frequent values of each range, which are compared one by one. All others are one category. */
export const MAX_CATEGORIES = 1_000;

/** The metric of Vertex AI for the value type. Refuses a type whose values are neither numbers nor categories. */
export function defaultMetric(feature: TypedValues): DriftMetric {
  const { isNumber, isOrdered, isCompared } = measuredAs(feature);
  if (isNumber) return 'JENSEN_SHANNON';
  if (isCompared && !isOrdered) return 'L_INFINITY';
  throw badInput(`"${feature.name}" is a ${feature.valueType}. Drift is measured of INT64, DOUBLE, BOOL and STRING.`);
}

/** Whether there is a drift of values of this type: numbers and categories. */
export function isComparedType(valueType: ValueType | null): boolean {
  if (valueType === null) return false;
  const { isNumber, isOrdered, isCompared } = measuredAs({ valueType });
  return isNumber || (isCompared && !isOrdered);
}

/** The metric that is asked for, or the default. */
export function metricOf(feature: TypedValues, asked: DriftMetric | null): DriftMetric {
  const usual = defaultMetric(feature);
  if (asked === 'WASSERSTEIN' && !measuredAs(feature).isNumber) {
    throw badInput(`WASSERSTEIN is a distance of numbers, and "${feature.name}" is a ${feature.valueType}.`, 'metric');
  }
  return asked ?? usual;
}

/** The distance between the first range and the second. null: one of them has no value that can be compared. */
export function distanceBetween(feature: TypedValues, metric: DriftMetric, found: Distributions): number | null {
  const { isNumber } = measuredAs(feature);
  const [p, q] = found.ranges.map(({ bins }, range) => (isNumber ? bins : categories(found, range)));
  if (!p || !q || p.every(isZero) || q.every(isZero)) return null;
  const [one, other] = [shares(p), shares(q)];
  switch (metric) {
    case 'JENSEN_SHANNON':
      return jensenShannon(one, other);
    case 'L_INFINITY':
      // The rest is many categories, each rarer than the listed ones.
      return isNumber ? lInfinity(one, other) : lInfinity(one.slice(1), other.slice(1));
    case 'POPULATION_STABILITY_INDEX':
      return populationStabilityIndex(one, other);
    case 'WASSERSTEIN':
      return wasserstein(one, other, found.edges);
  }
}

/** The counts of all values that are not listed, together, and then of each listed value. */
function categories({ ranges, topValues }: Distributions, range: number): bigint[] {
  const listed = topValues.map(({ counts }) => counts[range]!);
  return [listed.reduce((rest, count) => rest - count, ranges[range]!.count), ...listed];
}

function isZero(count: bigint): boolean {
  return count === 0n;
}
