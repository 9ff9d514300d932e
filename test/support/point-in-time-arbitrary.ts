import fc from 'fast-check';
import type { FeatureRow, EntityMoment } from '../../datasources/offline/offline-store.js';
import type { PointInTimeOptions } from '../../datasources/offline/point-in-time/plan.js';
import { encodeEntityId } from '../../values/entity-id.js';
import type { EntityTypeInput } from './test-registry.js';

/** Few instants, a microsecond apart and straddling a second, so that ties and ttl edges are the rule and not chance. */
const instant = fc.integer({ min: 0, max: 12 }).map((step) => 1_000_000_000_000_000n + BigInt(step) - 6n);

/** Ids that meet when their parts are joined without care. Few of them, so that each has a history. */
const entityId = fc
  .constantFrom(['1', '11'], ['11', '1'], ['1,1', '1'], ['%2C', "o'hare"], ['', 'Zürich ✈'])
  .map(encodeEntityId);

const nullable = <T>(arbitrary: fc.Arbitrary<T>, freq = 4) => fc.option(arbitrary, { nil: null, freq });

const VALUES = {
  count: fc.constantFrom(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
  score: fc.constantFrom(0.5, -1e300, NaN, Infinity, -Infinity),
  text: fc.constantFrom('', 'a', 'ü✈', "'; DROP TABLE x; --"),
  flag: fc.boolean(),
  scores: fc.constantFrom<readonly number[]>([], [1.5], [NaN, 2]),
};

const row: fc.Arbitrary<FeatureRow> = fc.record({
  entityId,
  timestamp: instant,
  createdTimestamp: nullable(instant),
  sequence: nullable(fc.constantFrom(1n, 2n, 2n ** 63n - 1n)),
  values: fc
    .record({
      count: nullable(VALUES.count, 2),
      score: nullable(VALUES.score, 2),
      text: nullable(VALUES.text, 2),
      flag: nullable(VALUES.flag, 2),
      scores: nullable(VALUES.scores, 2),
    })
    .map((values) => new Map(Object.entries(values))),
});

const label: fc.Arbitrary<EntityMoment> = fc.record({
  entityId: nullable(entityId, 9),
  time: nullable(instant, 9),
});

export interface PointInTimeProblem {
  readonly entityType: Omit<EntityTypeInput, 'name'>;
  readonly rows: readonly FeatureRow[];
  readonly labels: readonly EntityMoment[];
  readonly options: PointInTimeOptions;
}

/** An entity type, its history in order of arrival, and labels of which several are the same. */
export const pointInTimeProblem: fc.Arbitrary<PointInTimeProblem> = fc
  .record({
    dense: fc.boolean(),
    isStatic: fc.boolean(),
    ttlSeconds: fc.constantFrom(null, 0, 0.000_003),
    countTtlSeconds: fc.constantFrom(null, 0.000_001),
    rows: fc.array(row, { maxLength: 40 }),
    labels: fc.array(label, { minLength: 1, maxLength: 20 }),
    strictlyBefore: fc.boolean(),
    knownAtLabelTime: fc.boolean(),
    knownAt: fc.option(instant, { freq: 3, nil: null }),
    includeExpired: fc.boolean(),
  })
  .map(({ dense, isStatic, ttlSeconds, countTtlSeconds, rows, labels, ...options }) => ({
    entityType: {
      entityIdColumns: ['origin', 'destination'],
      dense,
      ttlSeconds,
      sources: [
        {
          static: isStatic,
          features: [
            { name: 'count', valueType: 'INT64' as const, ttlSeconds: countTtlSeconds },
            { name: 'score', valueType: 'DOUBLE' as const },
            { name: 'text', valueType: 'STRING' as const },
            { name: 'flag', valueType: 'BOOL' as const },
            { name: 'scores', valueType: 'DOUBLE_ARRAY' as const },
          ],
        },
      ],
    },
    rows: isStatic ? rows.map((one) => ({ ...one, timestamp: null })) : rows,
    labels: [...labels, ...labels.slice(0, 2)],
    options,
  }));
