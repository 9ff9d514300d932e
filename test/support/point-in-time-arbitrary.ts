import fc from 'fast-check';
import type { FeatureRow, EntityMoment } from '../../datasources/offline/offline-store.js';
import type { PointInTimeOptions } from '../../datasources/offline/point-in-time/plan.js';
import { encodeEntityId } from '../../values/entity-id.js';
import { EARLIEST_INSTANT, LATEST_INSTANT, type Instant } from '../../values/instant.js';
import type { EntityTypeInput } from './test-registry.js';

/** The middle of the instants of a problem: of today, of the first moment that computers count from, and of the first and last years. */
const MIDDLES = [1_000_000_000_000_000n, 0n, EARLIEST_INSTANT + 6n, LATEST_INSTANT - 6n];

/** Few instants, a microsecond apart and straddling a second, so that ties and ttl edges are the rule and not chance. */
const instantNear = (middle: bigint) => fc.integer({ min: 0, max: 12 }).map((step) => middle + BigInt(step) - 6n);

/**
 * Ids that meet when their parts are joined without care, and those that differ only in the form of a letter: in its case,
 * in how Unicode writes it, or in a blank. Few of them, so that each has a history.
 */
const IDS = [
  [
    ['1', '11'],
    ['11', '1'],
    ['1,1', '1'],
    ['%2C', "o'hare"],
    ['', 'Zürich ✈'],
  ],
  [
    ['Zürich', 'a'],
    ['Zu\u0308rich', 'a'],
    ['zürich', 'a'],
    ['Zürich ', 'a'],
    ['ZÜRICH', 'A'],
  ],
  [
    ['1', '1'],
    ['01', '1'],
    ['1.0', '1'],
    ['1e0', '1'],
    ['+1', '1'],
  ],
];

const entityIdOf = (parts: readonly (readonly string[])[]) => fc.constantFrom(...parts.map(encodeEntityId));

const nullable = <T>(arbitrary: fc.Arbitrary<T>, freq = 4) => fc.option(arbitrary, { nil: null, freq });

const VALUES = {
  count: fc.constantFrom(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
  score: fc.constantFrom(0.5, -1e300, NaN, Infinity, -Infinity, 0, -0),
  text: fc.constantFrom('', 'a', 'ü✈', "'; DROP TABLE x; --"),
  flag: fc.boolean(),
  scores: fc.constantFrom<readonly number[]>([], [1.5], [NaN, 2], [-0, 0, -0]),
};

type Entities = fc.Arbitrary<string>;
type Instants = fc.Arbitrary<Instant>;

const rowOf = (entityId: Entities, instant: Instants): fc.Arbitrary<FeatureRow> =>
  fc.record({
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

const labelOf = (entityId: Entities, instant: Instants): fc.Arbitrary<EntityMoment> =>
  fc.record({
    entityId: nullable(entityId, 9),
    time: nullable(instant, 9),
  });

export interface PointInTimeProblem {
  readonly entityType: Omit<EntityTypeInput, 'name'>;
  readonly rows: readonly FeatureRow[];
  readonly labels: readonly EntityMoment[];
  readonly options: PointInTimeOptions;
  /** No row and no label is later. */
  readonly latest: Instant;
}

const problemOf = (entityId: Entities, instant: Instants, latest: Instant): fc.Arbitrary<PointInTimeProblem> =>
  fc
    .record({
      dense: fc.boolean(),
      isStatic: fc.boolean(),
      ttlSeconds: fc.constantFrom(null, 0, 0.000_003),
      countTtlSeconds: fc.constantFrom(null, 0.000_001),
      rows: fc.array(rowOf(entityId, instant), { maxLength: 40 }),
      labels: fc.array(labelOf(entityId, instant), { minLength: 1, maxLength: 20 }),
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
      latest,
    }));

/** An entity type, its history in order of arrival, and labels of which several are the same. */
export const pointInTimeProblem: fc.Arbitrary<PointInTimeProblem> = fc
  .record({ ids: fc.constantFrom(...IDS), middle: fc.constantFrom(...MIDDLES) })
  .chain(({ ids, middle }) => problemOf(entityIdOf(ids), instantNear(middle), middle + 6n));
