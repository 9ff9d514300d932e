import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import type { Distribution, Distributions } from '../../../datasources/offline/statistics-read.js';
import { DriftMetricEnum } from '../../../schema/registry/feature-drift.js';
import { DRIFT_METRICS, distanceBetween, metricOf } from '../../../statistics/compare-distributions.js';
import { EVERY_VALUE_TYPE } from '../../support/every-value-type.js';
import { testEntityType } from '../../support/test-registry.js';

const { features } = testEntityType({ name: 'sample', sources: [{ features: EVERY_VALUE_TYPE }] });
const feature = (name: string) => features.find((one) => one.name === name)!;

const distribution = (count: bigint, bins: readonly bigint[] = []): Distribution => ({
  count,
  missing: 0n,
  distinct: null,
  notFinite: null,
  mean: null,
  standardDeviation: null,
  min: null,
  max: null,
  quantiles: [],
  bins,
  oldest: null,
  newest: null,
});

describe('the comparison of two ranges', () => {
  it('is by the metric of Vertex AI unless another is asked for, and refuses what has none', () => {
    expect(metricOf(feature('int64'), null)).toBe('JENSEN_SHANNON');
    expect(metricOf(feature('double'), 'WASSERSTEIN')).toBe('WASSERSTEIN');
    expect(metricOf(feature('bool'), null)).toBe('L_INFINITY');
    expect(metricOf(feature('string'), 'JENSEN_SHANNON')).toBe('JENSEN_SHANNON');
    expect(() => metricOf(feature('string'), 'WASSERSTEIN')).toThrow(/distance of numbers/);
    for (const name of ['timestamp', 'bytes', 'struct', 'double_array']) {
      expect(() => metricOf(feature(name), null), name).toThrow(/Drift is measured of/);
    }
  });

  it('takes values that are not listed as one category, except for L-infinity', () => {
    const found: Distributions = {
      ranges: [distribution(10n), distribution(20n)],
      edges: [],
      // 5 of 10 values, and 4 of 20 values.
      topValues: [{ value: 'a', counts: [5n, 4n] }],
    };
    expect(distanceBetween(feature('string'), 'L_INFINITY', found)).toBeCloseTo(0.3, 12);
    // ln(0.2 / 0.5) (0.2 - 0.5) + ln(0.8 / 0.5) (0.8 - 0.5)
    expect(distanceBetween(feature('string'), 'POPULATION_STABILITY_INDEX', found)).toBeCloseTo(0.415888308335967, 12);
  });

  it('does not exist if a range has no value, or no finite number', () => {
    const numbers = { ranges: [distribution(1n, [0n]), distribution(1n, [1n])], edges: [0, 0], topValues: [] };
    const texts = {
      ranges: [distribution(0n), distribution(1n)],
      edges: [],
      topValues: [{ value: 'a', counts: [0n, 1n] }],
    };
    expect(distanceBetween(feature('double'), 'JENSEN_SHANNON', numbers)).toBeNull();
    expect(distanceBetween(feature('string'), 'L_INFINITY', texts)).toBeNull();
  });

  it('has the metrics of the schema', () => {
    expect(Object.keys(DriftMetricEnum)).toEqual(DRIFT_METRICS);
  });
});
