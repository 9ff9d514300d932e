import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareVersions, type OnlineStore, type OnlineWrite } from '../../datasources/online/online-store.js';
import type { EntityType } from '../../datasources/registry/model.js';
import type { RawValue } from '../../values/value-type.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../support/every-value-type.js';
import { testEntityType, type EntityTypeInput } from '../support/test-registry.js';

export interface OnlineStoreUnderTest {
  readonly store: OnlineStore;
  readonly dispose: () => Promise<void>;
  /** Makes room for an entity type, in a store that needs it before the first write. */
  readonly prepare?: (entityType: EntityType) => void;
}

const NOW = 1_000_000_000_000_000n;
const T = (seconds: number) => NOW + BigInt(Math.round(seconds * 1e6));

/**
 * What every online store must keep. Run by each adapter's test; see test/contract/lmdb.test.ts. `differences` says, by
 * the name of a test, why a store cannot keep it. Such a test must fail: a difference that is none any more is one to take
 * out of the documentation.
 */
export function describeOnlineStore(
  name: string,
  open: () => Promise<OnlineStoreUnderTest>,
  differences: Readonly<Record<string, string>> = {},
): void {
  describe(`online store: ${name}`, () => {
    let store: OnlineStore;
    let dispose: () => Promise<void>;
    let prepare: OnlineStoreUnderTest['prepare'];
    let made = 0;
    beforeAll(async () => {
      ({ store, dispose, prepare } = await open());
    });
    afterAll(async () => dispose());

    const unmet = new Set(Object.keys(differences));
    const keeps = (what: string, test: () => Promise<void>): void => {
      const reason = differences[what];
      if (reason === undefined) it(what, test);
      else it.fails(`${what} (cannot: ${reason})`, test);
      unmet.delete(what);
    };

    /** An entity type of this test's own, so that tests share a store and nothing else. */
    const entityTypeOf = (input: Partial<EntityTypeInput> = {}): EntityType => {
      const entityType = testEntityType({
        name: `thing_${(made += 1)}`,
        sources: [{ features: ['a', 'b', 'c'].map((feature) => ({ name: feature, valueType: 'STRING' })) }],
        ...input,
      });
      prepare?.(entityType);
      return entityType;
    };

    const write = (
      entityType: EntityType,
      entityId: string,
      seconds: number,
      values: Record<string, RawValue | null>,
    ) => store.write(entityType, [createWrite(entityType, entityId, seconds, values)]);

    const readOne = async (entityType: EntityType, entityId: string, now = NOW) => {
      const [row = []] = await store.read({ entityType, entityIds: [entityId], features: entityType.features, now });
      return Object.fromEntries(entityType.features.map((feature, index) => [feature.name, row[index]]));
    };

    keeps('gives back every value of every type as it was', async () => {
      const entityType = entityTypeOf({ sources: [{ features: EVERY_VALUE_TYPE }] });
      for (const [feature, values] of Object.entries(VALUES_OF_EVERY_TYPE)) {
        for (const [index, value] of values.entries()) {
          await write(entityType, `e-${feature}-${index}`, -1, { [feature]: value });
          const row = await readOne(entityType, `e-${feature}-${index}`);
          expect(row[feature], `${feature} ${index}`).toEqual({ status: 'PRESENT', value, timestamp: T(-1) });
        }
      }
    });

    keeps('says NOT_FOUND for an entity never written', async () => {
      const row = await readOne(entityTypeOf(), 'nobody');
      expect(row.a).toEqual({ status: 'NOT_FOUND', value: null, timestamp: null });
    });

    keeps('says nothing of the features that a part of a row was not asked for', async () => {
      const entityType = entityTypeOf();
      await store.write(entityType, [{ ...createWrite(entityType, 'x', -1, { a: '1' }), isPartial: true }]);
      const { a, b } = await readOne(entityType, 'x');
      expect([a?.status, b?.status]).toEqual(['PRESENT', 'NOT_FOUND']);
    });

    keeps('gives rows in the order asked, and an id asked twice twice', async () => {
      const entityType = entityTypeOf();
      await write(entityType, 'x', -1, { a: '1' });
      await write(entityType, 'y', -1, { a: '2' });
      const rows = await store.read({
        entityType,
        entityIds: ['y', 'nobody', 'x', 'y'],
        features: entityType.features.slice(0, 1),
        now: NOW,
      });
      expect(rows.map((row) => row.map((cell) => cell.value))).toEqual([['2'], [null], ['1'], ['2']]);
    });

    keeps('gives only the asked features, in the order asked', async () => {
      const entityType = entityTypeOf();
      await write(entityType, 'x', -1, { a: '1', b: '2', c: '3' });
      const [, b, c] = entityType.features;
      const rows = await store.read({
        entityType,
        entityIds: ['x'],
        features: [c, b] as EntityType['features'],
        now: NOW,
      });
      expect(rows[0]?.map((cell) => cell.value)).toEqual(['3', '2']);
    });

    keeps('never lets an older value replace a newer one', async () => {
      const entityType = entityTypeOf();
      await write(entityType, 'x', -1, { a: 'new' });
      await write(entityType, 'x', -2, { a: 'old' });
      expect((await readOne(entityType, 'x')).a).toEqual({ status: 'PRESENT', value: 'new', timestamp: T(-1) });
    });

    keeps('breaks a tie of timestamps by creation time, then sequence, then arrival', async () => {
      const entityType = entityTypeOf();
      const tie = (entityId: string, versions: [created: bigint | null, sequence: bigint | null, value: string][]) =>
        versions.map(([createdTimestamp, sequence, a]) => ({
          ...createWrite(entityType, entityId, -1, { a }),
          version: { timestamp: T(-1), createdTimestamp, sequence },
        }));
      await store.write(entityType, [
        ...tie('by created', [
          [3n, 1n, 'wins'],
          [2n, 9n, 'loses'],
          [null, null, 'loses'],
        ]),
        ...tie('by sequence', [
          [3n, 2n, 'wins'],
          [3n, 1n, 'loses'],
          [3n, null, 'loses'],
        ]),
        ...tie('by arrival', [
          [3n, 1n, 'loses'],
          [3n, 1n, 'wins'],
        ]),
      ]);
      for (const entityId of ['by created', 'by sequence', 'by arrival']) {
        expect((await readOne(entityType, entityId)).a?.value, entityId).toBe('wins');
      }
    });

    keeps('orders the writes of one batch as if they came one by one', async () => {
      const entityType = entityTypeOf();
      await store.write(entityType, [
        createWrite(entityType, 'x', -1, { a: 'new', b: 'only here' }),
        createWrite(entityType, 'x', -2, { a: 'old', c: 'older but the only one' }),
      ]);
      const row = await readOne(entityType, 'x');
      expect([row.a?.value, row.b?.value, row.c?.value]).toEqual(['new', 'only here', 'older but the only one']);
    });

    keeps('keeps the newest non-null value of each feature, unless the entity type is dense', async () => {
      const entityType = entityTypeOf();
      await write(entityType, 'x', -2, { a: '1', b: '2' });
      await write(entityType, 'x', -1, { a: null });
      const row = await readOne(entityType, 'x');
      expect(row.a).toEqual({ status: 'PRESENT', value: '1', timestamp: T(-2) });
      expect(row.b).toEqual({ status: 'PRESENT', value: '2', timestamp: T(-2) });
      expect(row.c).toEqual({ status: 'NULL', value: null, timestamp: T(-1) });
    });

    keeps('keeps the newest whole row of a dense entity type, nulls included', async () => {
      const entityType = entityTypeOf({ dense: true });
      await write(entityType, 'x', -2, { a: '1', b: '2' });
      await write(entityType, 'x', -1, { a: 'new' });
      await write(entityType, 'x', -3, { b: 'late' });
      const row = await readOne(entityType, 'x');
      expect(row.a).toEqual({ status: 'PRESENT', value: 'new', timestamp: T(-1) });
      expect(row.b).toEqual({ status: 'NULL', value: null, timestamp: T(-1) });
    });

    keeps('says EXPIRED for a value older than its ttl, and gives one exactly that old', async () => {
      const entityType = entityTypeOf({ ttlSeconds: 1 });
      await write(entityType, 'x', 0, { a: '1' });
      expect((await readOne(entityType, 'x', T(1))).a).toEqual({ status: 'PRESENT', value: '1', timestamp: T(0) });
      expect((await readOne(entityType, 'x', T(1) + 1n)).a).toEqual({
        status: 'EXPIRED',
        value: null,
        timestamp: T(0),
      });
    });

    keeps('gives the values of a static source no time and lets them never expire', async () => {
      const entityType = entityTypeOf({
        ttlSeconds: 1,
        sources: [{ static: true, features: [{ name: 'a', valueType: 'STRING' }] }],
      });
      await store.write(entityType, [
        {
          ...createWrite(entityType, 'x', 0, { a: '1' }),
          version: { timestamp: null, createdTimestamp: null, sequence: null },
        },
      ]);
      expect((await readOne(entityType, 'x', T(1e6))).a).toEqual({ status: 'PRESENT', value: '1', timestamp: null });
    });

    keeps('keeps entities of look-alike ids apart', async () => {
      const entityType = entityTypeOf();
      const ids = [
        '1,11',
        '11,1',
        '1%2C1,1',
        '1',
        '11',
        'a',
        'A',
        ' a',
        'ü',
        'u\u0308',
        '\u0000',
        'a\u0000b',
        'x'.repeat(1500),
      ];
      await store.write(
        entityType,
        ids.map((entityId) => createWrite(entityType, entityId, -1, { a: entityId })),
      );
      const rows = await store.read({
        entityType,
        entityIds: ids,
        features: entityType.features.slice(0, 1),
        now: NOW,
      });
      expect(rows.map((row) => row[0]?.value)).toEqual(ids);
    });

    keeps('keeps entity types apart', async () => {
      const [one, other] = [entityTypeOf(), entityTypeOf()];
      await write(one, 'x', -1, { a: '1' });
      expect((await readOne(other, 'x')).a?.status).toBe('NOT_FOUND');
    });

    keeps('forgets entities that are deleted, until they are written again', async () => {
      const [entityType, other] = [entityTypeOf(), entityTypeOf()];
      const ids = ['x', 'x1', '1,11', 'ü'];
      await store.write(
        entityType,
        ids.map((entityId) => createWrite(entityType, entityId, -1, { a: entityId })),
      );
      await write(other, 'x', -1, { a: 'of another type' });
      await store.delete(entityType, ['x', 'ü', 'nobody']);
      await store.delete(entityType, []);
      const rows = await store.read({ entityType, entityIds: ids, features: entityType.features, now: NOW });
      expect(rows.map(([a]) => a?.value)).toEqual([null, 'x1', '1,11', null]);
      expect((await readOne(other, 'x')).a?.value).toBe('of another type');
      await write(entityType, 'x', -2, { a: 'older than the one deleted' });
      expect((await readOne(entityType, 'x')).a?.value).toBe('older than the one deleted');
    });

    keeps('keeps what is a microsecond apart apart, also before 1970 and in the year 9999', async () => {
      const entityType = entityTypeOf();
      for (const [index, timestamp] of [
        -1n,
        0n,
        1n,
        999n,
        -62_135_596_800_000_000n,
        253_402_300_799_999_998n,
      ].entries()) {
        const writes = [timestamp, timestamp + 1n].map((moment) => ({
          ...createWrite(entityType, `e${index}`, 0, { a: String(moment) }),
          version: { timestamp: moment, createdTimestamp: null, sequence: null },
        }));
        for (const one of writes.toReversed()) await store.write(entityType, [one]);
        const { a } = await readOne(entityType, `e${index}`);
        expect(a).toEqual({ status: 'PRESENT', value: String(timestamp + 1n), timestamp: timestamp + 1n });
      }
    });

    keeps(
      'lets the newest of writes at one moment win, whatever order they arrive in and however many write',
      async () => {
        const entityType = entityTypeOf();
        // Two features, told by some writes together and by others alone: each has a winner of its own.
        const writes = Array.from({ length: 30 }, (_, index) => ({
          ...createWrite(
            entityType,
            'x',
            -1,
            index % 3 === 0 ? { a: `a${index}`, b: `b${index}` } : { b: `b${index}` },
          ),
          version: {
            timestamp: T(-1) + BigInt(index % 2),
            createdTimestamp: BigInt(index % 5),
            sequence: index === 7 ? null : BigInt(index),
          },
        }));
        const shuffled = writes.map((_, index) => writes[(index * 17) % writes.length]!);
        await Promise.all(shuffled.map((one) => store.write(entityType, [one])));
        const row = await readOne(entityType, 'x');
        const newest = (feature: string) =>
          writes
            .filter(({ values }) => values.has(feature))
            .sort((one, other) => compareVersions(one.version, other.version));
        for (const feature of ['a', 'b']) {
          const { values, version } = newest(feature).at(-1)!;
          expect(row[feature]).toMatchObject({ value: values.get(feature), timestamp: version.timestamp });
        }
      },
    );

    keeps('measures each write of a batch by its own version against what is there', async () => {
      const entityType = entityTypeOf();
      const at = (sequence: bigint, values: Record<string, string>) => ({
        ...createWrite(entityType, 'x', -1, values),
        version: { timestamp: T(-1), createdTimestamp: null, sequence },
      });
      await store.write(entityType, [at(15n, { a: '15', b: '15' })]);
      await store.write(entityType, [at(20n, { a: '20' }), at(10n, { b: '10', c: '10' })]);
      const row = await readOne(entityType, 'x');
      expect([row.a?.value, row.b?.value, row.c?.value]).toEqual(['20', '15', '10']);
    });

    keeps('takes features of names that mean something to JavaScript', async () => {
      const names = ['constructor', '__proto__'];
      const entityType = entityTypeOf({
        sources: [{ features: names.map((name) => ({ name, valueType: 'STRING' })) }],
      });
      await store.write(entityType, [
        { ...createWrite(entityType, 'x', -1, {}), values: new Map(names.map((name) => [name, name])) },
      ]);
      const [row] = await store.read({ entityType, entityIds: ['x'], features: entityType.features, now: NOW });
      expect(row?.map(({ value }) => value)).toEqual(names);
    });

    keeps('reads as many entities at once as it takes, of more features than one filter names', async () => {
      const features = letters(450).map((name) => ({
        name: `${name}_${'x'.repeat(58)}`,
        valueType: 'STRING' as const,
      }));
      const entityType = entityTypeOf({ sources: [{ features }] });
      const last = entityType.features.at(-1)!;
      const entityIds = letters(store.maxEntityIdsPerRead);
      const some = entityIds.filter((_, index) => index % 7 === 0);
      await store.write(
        entityType,
        some.map((entityId) =>
          createWrite(entityType, entityId, -1, { [features[0]!.name]: 'first', [last.name]: entityId }),
        ),
      );
      const rows = await store.read({ entityType, entityIds, features: entityType.features, now: NOW });
      expect(rows.map((row) => row.at(-1)!.value)).toEqual(entityIds.map((id, index) => (index % 7 === 0 ? id : null)));
      expect(rows[0]?.map(({ status }) => status)).toEqual(
        features.map((_, i) => (i === 0 || i === 449 ? 'PRESENT' : 'NULL')),
      );
    });

    keeps('has nothing to do for no writes', async () => {
      await store.write(entityTypeOf(), []);
    });

    keeps('loses no write when many change one entity at once', async () => {
      const entityType = entityTypeOf({
        sources: [{ features: letters(40).map((feature) => ({ name: feature, valueType: 'STRING' })) }],
      });
      await Promise.all(letters(40).map((feature) => write(entityType, 'x', -1, { [feature]: feature })));
      const row = await readOne(entityType, 'x');
      expect(letters(40).map((feature) => row[feature]?.value)).toEqual(letters(40));
    });

    keeps('refuses to read no entity at all, or more than it takes', async () => {
      const entityType = entityTypeOf();
      const read = (entityIds: string[]) =>
        store.read({ entityType, entityIds, features: entityType.features, now: NOW });
      await expect(read([])).rejects.toThrow(RangeError);
      await expect(read(letters(store.maxEntityIdsPerRead + 1))).rejects.toThrow(RangeError);
    });

    keeps('is healthy while it is open', async () => {
      expect(await store.isHealthy()).toBe(true);
    });

    it('has all the tests that the differences name', () => {
      expect([...unmet]).toEqual([]);
    });
  });
}

function createWrite(
  entityType: EntityType,
  entityId: string,
  seconds: number,
  values: Record<string, RawValue | null>,
): OnlineWrite {
  return {
    entityId,
    source: entityType.sources[0]!,
    version: { timestamp: T(seconds), createdTimestamp: null, sequence: null },
    values: new Map(Object.entries(values)),
  };
}

function letters(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `f${index}`);
}
