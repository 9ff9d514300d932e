import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LmdbOnlineStore } from '../../../../datasources/online/lmdb/lmdb-online-store.js';
import type { EntityType } from '../../../../datasources/registry/model.js';
import { toClientValue } from '../../../../values/client-value.js';
import { stringifyExactly } from '../../../../values/minus-zero.js';
import { formatInstant } from '../../../../values/instant.js';
import type { RawValue } from '../../../../values/value-type.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../../../support/every-value-type.js';
import { testEntityType } from '../../../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const TTL_SECONDS = 100;
const TTL = 100_000_000n;

/** The ends of ranges, and any value of the types that are written without a value in between. */
const ARBITRARY_VALUES: Readonly<Record<string, fc.Arbitrary<RawValue>>> = {
  ...Object.fromEntries(
    Object.entries(VALUES_OF_EVERY_TYPE).map(([name, values]) => [name, fc.constantFrom(...values)]),
  ),
  double: fc.oneof(fc.double(), fc.constantFrom(-0, ...VALUES_OF_EVERY_TYPE.double)),
  int64: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  ),
  string: fc.string({ unit: 'binary' }),
};

const row = fc.record({
  values: fc.record(ARBITRARY_VALUES, { requiredKeys: [] }),
  /** Before `now`, in microseconds. */
  age: fc.oneof(fc.constantFrom(0n, TTL - 1n, TTL, TTL + 1n), fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n })),
});

describe('a row of LMDB as JSON', () => {
  let folder: string;
  let store: LmdbOnlineStore;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'featuregraph-texts-'));
    store = new LmdbOnlineStore(folder);
  });
  afterAll(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** Two sources, of which a row has one, and a feature with a ttl of its own. */
  const entityType: EntityType = testEntityType({
    name: 'texts',
    ttlSeconds: TTL_SECONDS,
    sources: [
      { features: EVERY_VALUE_TYPE },
      { name: 'other', features: [{ name: 'of_another_source', valueType: 'STRING' }] },
    ],
  });

  it.each([
    ['now', NOW],
    ['a time that no number holds exactly', 2n ** 60n + 1n],
    ['a time before 1970', -NOW],
  ])('says what its cells say at %s', async (_name, now) => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 4 }), fc.boolean(), async (rows, includeExpired) => {
        const [source] = entityType.sources;
        const entityIds = rows.map(() => `e${(made += 1)}`);
        const writes = rows.map(({ values, age }, index) => ({
          entityId: entityIds[index]!,
          source: source!,
          version: { timestamp: now - age, createdTimestamp: null, sequence: null },
          values: new Map(Object.entries(values) as [string, RawValue][]),
        }));
        await store.write(entityType, writes);
        const { features } = entityType;
        const request = { entityType, entityIds: [...entityIds, 'nobody'], features, now, includeExpired };
        const cells = await store.read(request);
        const texts = await store.readTexts(request);
        const states = texts.map((each) => features.map((_, index) => each.stateAt(index)));
        expect(states.map((each) => each.map(({ status }) => status))).toEqual(
          cells.map((each) => each.map(({ status }) => status)),
        );
        expect(texts.map((each) => features.map((_, index) => each.textAt(index)))).toEqual(
          cells.map((each) =>
            each.map(({ value }, index) =>
              stringifyExactly(value === null ? null : toClientValue(features[index]!.valueType, value)),
            ),
          ),
        );
        expect(states.map((each) => each.map(({ instant, timeText }) => [instant, timeText]))).toEqual(
          cells.map((each) =>
            each.map(({ timestamp }) => [timestamp, timestamp === null ? 'null' : `"${formatInstant(timestamp)}"`]),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });
});
