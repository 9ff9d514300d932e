import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { Distributions, StatisticsRead, TimeRange } from '../../datasources/offline/statistics-read.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { encodeEntityId } from '../../values/entity-id.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../support/every-value-type.js';
import { inOrder, oracleDistributions } from '../support/statistics-oracle.js';
import { testEntityType } from '../support/test-registry.js';
import type { OfflineStoreUnderTest } from './offline-store.contract.js';

const START = 1_000_000_000_000_000n;
const ALL: TimeRange = { from: START - 1_000n, before: START + 1_000n };

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 4 });
const instant = fc.integer({ min: 0, max: 8 }).map((step) => START + BigInt(step));
const entityId = fc
  .constantFrom(['1', '11'], ['11', '1'], ['1,1', '1'], ['%2C', "o'hare"])
  .map((parts) => encodeEntityId(parts));

const row: fc.Arbitrary<FeatureRow> = fc.record({
  entityId,
  timestamp: instant,
  createdTimestamp: nullable(instant),
  sequence: nullable(fc.constantFrom(1n, 2n)),
  values: fc
    .record({
      count: nullable(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n, 1n, 2n))),
      score: nullable(fc.oneof(fc.double(), fc.constantFrom(0, -0, 1.5, 1.7976931348623157e308, 5e-324))),
      text: nullable(fc.constantFrom('', 'a', 'ü✈', '👩', '～', "'; DROP TABLE x; --")),
      flag: nullable(fc.boolean()),
      moment: nullable(fc.oneof(instant, fc.constantFrom(-62_135_596_800_000_000n, 253_402_300_799_999_999n))),
      scores: nullable(fc.constantFrom<readonly number[]>([], [1.5], [NaN, 2])),
    })
    .map((values) => new Map(Object.entries(values))),
});

const range: fc.Arbitrary<TimeRange> = fc.oneof(
  fc.constant(ALL),
  fc.tuple(instant, instant).map(([from, before]) => ({ from, before })),
);

const problem = fc.record({
  dense: fc.boolean(),
  isStatic: fc.boolean(),
  rows: fc.array(row, { maxLength: 40 }),
  ranges: fc.array(range, { minLength: 1, maxLength: 2 }),
  entityIds: nullable(fc.array(entityId, { maxLength: 3 })),
  bins: fc.integer({ min: 1, max: 5 }),
  maxTopValues: fc.integer({ min: 1, max: 3 }),
});

/** What the statistics of every offline store must be: those of a naive program. */
export function describeOfflineStatistics(
  name: string,
  open: () => Promise<OfflineStoreUnderTest>,
  { numRuns }: { readonly numRuns: number },
): void {
  describe(`statistics of the offline store: ${name}`, () => {
    let stores: OfflineStoreUnderTest;
    let made = 0;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(async () => stores.dispose());

    const readAll = async (
      entityType: EntityType,
      rows: readonly FeatureRow[],
      read: Omit<StatisticsRead, 'feature'>,
    ) => {
      const store = await stores.storeFor(entityType);
      const { timestampColumn } = entityType.sources[0]!;
      const stored = rows.map((one) => (timestampColumn === null ? { ...one, timestamp: null } : one));
      if (rows.length > 0) await store.append(entityType.sources[0]!, stored);
      return Promise.all(
        entityType.features.map(async (feature) => ({
          feature,
          found: await store.statistics({ ...read, feature }),
          expected: oracleDistributions(stored, { ...read, feature }),
        })),
      );
    };

    it('equals a naive program: ties, nulls, composite ids, extremes, overlapping ranges', async () => {
      await fc.assert(
        fc.asyncProperty(problem, async ({ dense, isStatic, rows, ...read }) => {
          const entityType = testEntityType({
            name: `statistics_${(made += 1)}`,
            entityIdColumns: ['origin', 'destination'],
            dense,
            sources: [
              {
                static: isStatic,
                features: [
                  { name: 'count', valueType: 'INT64' },
                  { name: 'score', valueType: 'DOUBLE' },
                  { name: 'text', valueType: 'STRING' },
                  { name: 'flag', valueType: 'BOOL' },
                  { name: 'moment', valueType: 'TIMESTAMP' },
                  { name: 'scores', valueType: 'DOUBLE_ARRAY' },
                ],
              },
            ],
          });
          for (const { feature, found, expected } of await readAll(entityType, rows, read)) {
            expectEqual(feature, found, expected);
          }
        }),
        { numRuns },
      );
    }, 300_000);

    it('gives numbers of every value type as its table says', async () => {
      const entityType = testEntityType({ name: 'every_type', sources: [{ features: EVERY_VALUE_TYPE }] });
      const rows = Object.entries(VALUES_OF_EVERY_TYPE).flatMap(([feature, values]) =>
        values.map((value, index): FeatureRow => ({
          entityId: `${feature} ${index}`,
          timestamp: START,
          values: new Map([[feature, value]]),
        })),
      );
      const read = { ranges: [ALL], entityIds: null, bins: 10, maxTopValues: 10 };
      for (const { feature, found, expected } of await readAll(entityType, rows, read)) {
        expectEqual(feature, found, expected);
        expect(found.ranges[0]!.count, feature.name).toBe(
          BigInt(VALUES_OF_EVERY_TYPE[feature.name as keyof typeof VALUES_OF_EVERY_TYPE].length),
        );
      }
    });

    it('counts zeros of both signs as one number, without a sign', async () => {
      const entityType = testEntityType({
        name: 'zeros',
        sources: [{ features: [{ name: 'score', valueType: 'DOUBLE' }] }],
      });
      const rows = ['a', 'b'].map((entityId, index): FeatureRow => ({
        entityId,
        timestamp: START,
        values: new Map([['score', index === 0 ? -0 : 0]]),
      }));
      for (const some of [rows, rows.slice(0, 1)]) {
        const read = { ranges: [ALL], entityIds: null, bins: 10, maxTopValues: 10 };
        for (const { found } of await readAll(entityType, some, read)) {
          expect(found.edges).toEqual([0, 0]);
          expect(found.ranges[0]).toMatchObject({ min: 0, max: 0, distinct: 1n });
          expect(found.topValues.map(({ value }) => value)).toEqual([0]);
        }
      }
    });

    it('says how many bytes a read scans', async () => {
      const entityType = testEntityType({
        name: 'scanned',
        sources: [{ features: ['short', 'long'].map((feature) => ({ name: feature, valueType: 'STRING' })) }],
      });
      const store = await stores.storeFor(entityType);
      const values = new Map([
        ['short', 'a'],
        ['long', 'b'.repeat(1000)],
      ]);
      await store.append(entityType.sources[0]!, [{ entityId: 'x', timestamp: START, values }]);
      const [short, long] = await Promise.all(
        entityType.features.map((feature) =>
          store.estimateStatisticsScan({ feature, ranges: [ALL], entityIds: null, bins: 10, maxTopValues: 10 }),
        ),
      );
      expect(Number(long!.scanned - short!.scanned)).toBe(999);
      expect(long!.billed).toBeGreaterThanOrEqual(long!.scanned);
    });
  });
}

/** Sums of doubles depend on their order, in the last digits; all other numbers are exact. */
function expectEqual(feature: Feature, found: Distributions, expected: Distributions): void {
  const rounded = ({ ranges, topValues, edges }: Distributions) => ({
    edges,
    topValues: inOrder(topValues),
    ranges: ranges.map((one) => ({
      ...one,
      mean: one.mean === null,
      standardDeviation: one.standardDeviation === null,
    })),
  });
  expect(rounded(found), feature.name).toEqual(rounded(expected));
  for (const [index, { mean, standardDeviation, min, max }] of expected.ranges.entries()) {
    if (mean === null) continue;
    // Numbers near the smallest double have few digits: each step of a mean or deviation rounds to a multiple of it.
    const tolerance = 1e-12 * Math.max(Math.abs(Number(min)), Math.abs(Number(max))) + 4 * Number.MIN_VALUE;
    const of = found.ranges[index]!;
    expect(Math.abs(of.mean! - mean), `${feature.name}: the mean`).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(of.standardDeviation! - standardDeviation!), `${feature.name}: the deviation`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}
