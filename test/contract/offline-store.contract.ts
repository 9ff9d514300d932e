import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRow, NewestRead, OfflineStore } from '../../datasources/offline/offline-store.js';
import type { EntityType, Feature, FeatureSource } from '../../datasources/registry/model.js';
import type { RawValue } from '../../values/value-type.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../support/every-value-type.js';
import { testEntityType, type EntityTypeInput } from '../support/test-registry.js';

export interface OfflineStoreUnderTest {
  /** A store that knows the sources of this entity type. */
  readonly storeFor: (entityType: EntityType) => Promise<OfflineStore>;
  readonly dispose: () => Promise<void>;
  /** Passes the time after which the store deletes rows that were just written. Absent: it deletes them at once. */
  readonly passWriteBuffer?: () => void;
}

const T = (seconds: number) => 1_000_000_000_000_000n + BigInt(Math.round(seconds * 1e6));

/** What every offline store must keep, beside the point-in-time cases and the oracle. */
export function describeOfflineStore(name: string, open: () => Promise<OfflineStoreUnderTest>): void {
  describe(`offline store: ${name}`, () => {
    let stores: OfflineStoreUnderTest;
    let made = 0;
    beforeAll(async () => {
      stores = await open();
    });
    afterAll(async () => stores.dispose());

    const setUp = async (input: Partial<EntityTypeInput> = {}) => {
      const entityType = testEntityType({
        name: `thing_${(made += 1)}`,
        sources: [{ features: ['a', 'b'].map((feature) => ({ name: feature, valueType: 'STRING' })) }],
        ...input,
      });
      return { entityType, source: entityType.sources[0]!, store: await stores.storeFor(entityType) };
    };

    it('gives back every value of every type as it was', async () => {
      const { entityType, source, store } = await setUp({ dense: true, sources: [{ features: EVERY_VALUE_TYPE }] });
      const all = Object.entries(VALUES_OF_EVERY_TYPE).flatMap(([feature, values]) =>
        values.map((value, index) => ({ feature, value: value, entityId: `${feature} ${index}` })),
      );
      await store.append(
        source,
        all.map(({ entityId, feature, value }) => createRow(entityId, 0, { [feature]: value })),
      );
      const cells = await store.pointInTime({
        entityType,
        labels: all.map(({ entityId }) => ({ entityId, time: T(0) })),
        features: entityType.features,
      });
      for (const [index, { feature, value, entityId }] of all.entries()) {
        const column = entityType.features.findIndex((candidate) => candidate.name === feature);
        expect(cells[index]?.[column], entityId).toEqual({ status: 'PRESENT', value, timestamp: T(0) });
      }
    });

    it('says how many bytes a read scans: those of the columns that are asked for, for any entity', async () => {
      const { entityType, source, store } = await setUp();
      const labels = [{ entityId: 'nobody', time: T(0) }];
      const bytes = async (features: readonly Feature[]) => {
        const { scanned, billed } = await store.estimateScan({ entityType, labels, features });
        expect(billed).toBeGreaterThanOrEqual(scanned);
        return scanned;
      };
      const [a, b] = entityType.features as [Feature, Feature];
      await store.append(
        source,
        Array.from({ length: 20 }, (_, i) => createRow(`x${i}`, -i, { a: 'é', b: 'b'.repeat(1000) })),
      );
      const [onlyA, onlyB, both] = [await bytes([a]), await bytes([b]), await bytes([a, b])];
      expect(onlyA).toBeGreaterThan(0n);
      // Beside the keys, which all three scan. A warehouse counts two bytes more for each string.
      expect(Number(both - onlyA)).toBeGreaterThanOrEqual(20_000);
      expect(Number(both - onlyA)).toBeLessThanOrEqual(20_040);
      expect(onlyB).toBeGreaterThan(onlyA);
    });

    it.each([true, false])('reads features called as queries call columns of their own; dense: %s', async (dense) => {
      const names = ['row_id', 'number', 'label_time', 'newest', 'moment', 'version', 'visible_at', 'select', 'time'];
      const features = names.map((feature) => ({ name: feature, valueType: 'INT64' as const }));
      const sources = [{ features }, { name: 'fixed', static: true, features: [{ name: 'row', valueType: 'INT64' }] }];
      const { entityType, source, store } = await setUp({ dense, sources } as Partial<EntityTypeInput>);
      const values = Object.fromEntries(names.map((feature, index) => [feature, 1000n + BigInt(index)]));
      await store.append(source, [createRow('x', 0, values)]);
      await store.append(entityType.sources[1]!, [{ ...createRow('x', 0, { row: 7n }), timestamp: null }]);
      const expected = [...names.map((_, index) => 1000n + BigInt(index)), 7n];
      // One form of the query for few labels, another for many.
      for (const count of [1, 100]) {
        for (const knownAtLabelTime of [false, true]) {
          const labels = Array.from({ length: count }, () => ({ entityId: 'x', time: T(1) }));
          const options = { knownAtLabelTime };
          const rows = await store.pointInTime({ entityType, labels, features: entityType.features, options });
          const timed = knownAtLabelTime ? expected.slice(0, -1).map(() => null) : expected.slice(0, -1);
          for (const row of rows) expect(row.map(({ value }) => value)).toEqual([...timed, 7n]);
        }
      }
    });

    it('keeps each microsecond', async () => {
      const { entityType, source, store } = await setUp();
      await store.append(source, [
        createRow('x', 0, { a: 'first' }),
        { ...createRow('x', 0, { a: 'second' }), timestamp: T(0) + 1n },
      ]);
      const cells = await store.pointInTime({
        entityType,
        labels: [0n, 1n, 2n].map((micros) => ({ entityId: 'x', time: T(0) + micros })),
        features: entityType.features.slice(0, 1),
      });
      expect(cells.map(([cell]) => cell?.value)).toEqual(['first', 'second', 'second']);
      expect(cells[2]?.[0]?.timestamp).toBe(T(0) + 1n);
    });

    it('keeps to the ttl of the registry, or to that of the read', async () => {
      const { entityType, source, store } = await setUp({ ttlSeconds: 10 });
      await store.append(source, [createRow('x', 0, { a: 'old' })]);
      const [a] = entityType.features;
      const statusAfter = async (seconds: number, ttl?: bigint | null) => {
        const labels = [{ entityId: 'x', time: T(seconds) }];
        const [cells] = await store.pointInTime({ entityType, labels, features: [a!], ttl });
        return cells![0]!.status;
      };
      expect([await statusAfter(10), await statusAfter(11)]).toEqual(['PRESENT', 'EXPIRED']);
      expect([await statusAfter(11, null), await statusAfter(11, 11_000_000n)]).toEqual(['PRESENT', 'PRESENT']);
      expect(await statusAfter(6, 5_000_000n)).toBe('EXPIRED');
    });

    it('gives back rows without id or time, or with an id no one can ask for, and keeps the others', async () => {
      const { entityType, source, store } = await setUp();
      const outcome = await store.append(source, [
        createRow('x', 0, { a: 'kept' }),
        { ...createRow('x', 0, {}), entityId: null },
        { ...createRow('x', 0, {}), timestamp: null },
        createRow('', 0, {}),
        createRow('x'.repeat(1501), 0, {}),
        createRow('half a pair: \ud800', 0, {}),
      ]);
      expect(outcome).toEqual({
        appended: 1,
        rejected: [
          { row: 1, reason: 'it has no entity id' },
          { row: 2, reason: 'it has no timestamp' },
          { row: 3, reason: 'its entity id is empty' },
          { row: 4, reason: 'An entity id has at most 1500 bytes in UTF-8.' },
          { row: 5, reason: 'An entity id is Unicode text: it has half of a surrogate pair.' },
        ],
      });
      const [[cell] = []] = await store.pointInTime({
        entityType,
        labels: [{ entityId: 'x', time: T(0) }],
        features: entityType.features,
      });
      expect(cell?.value).toBe('kept');
    });

    it('gives back rows whose composite id has another number of parts', async () => {
      const { entityType, source, store } = await setUp({ entityIdColumns: ['origin', 'destination'] });
      const outcome = await store.append(source, [
        createRow('SFO,JFK', 0, { a: 'kept' }),
        createRow('SFO', 0, { a: 'not' }),
      ]);
      expect(outcome).toMatchObject({
        appended: 1,
        rejected: [{ row: 1, reason: expect.stringContaining('1 part') }],
      });
      const labels = [{ entityId: 'SFO,JFK', time: T(0) }];
      expect(await store.pointInTime({ entityType, labels, features: entityType.features })).toMatchObject([
        [{ value: 'kept' }, { status: 'NULL' }],
      ]);
    });

    it('does not read for someone who has gone', async () => {
      const { entityType, store } = await setUp();
      const [feature] = entityType.features;
      const signal = AbortSignal.abort(new Error('gone'));
      const labels = [{ entityId: 'x', time: T(0) }];
      await expect(store.pointInTime({ entityType, labels, features: [feature!], signal })).rejects.toThrow('gone');
      const range = { from: null, to: null, before: null, limit: 1 };
      await expect(store.history({ feature: feature!, entityId: 'x', ...range, signal })).rejects.toThrow('gone');
    });

    it('reads several sources of one entity type together, static ones at any time', async () => {
      const { entityType, store } = await setUp({
        dense: true,
        sources: [
          { name: 'hourly', features: [{ name: 'a', valueType: 'STRING' }] },
          { name: 'fixed', static: true, features: [{ name: 'b', valueType: 'STRING' }] },
        ],
      });
      const [hourly, fixed] = entityType.sources as [FeatureSource, FeatureSource];
      await store.append(hourly, [createRow('x', 0, { a: 'from 0' })]);
      await store.append(fixed, [{ ...createRow('x', 0, { b: 'always' }), timestamp: null }]);
      const cells = await store.pointInTime({
        entityType,
        labels: [-1, 1].map((seconds) => ({ entityId: 'x', time: T(seconds) })),
        features: entityType.features,
      });
      expect(cells.map((row) => row.map(({ status, value }) => [status, value]))).toEqual([
        [
          ['NOT_FOUND', null],
          ['PRESENT', 'always'],
        ],
        [
          ['PRESENT', 'from 0'],
          ['PRESENT', 'always'],
        ],
      ]);
      expect(cells[1]?.map(({ timestamp }) => timestamp)).toEqual([T(0), null]);
    });

    it('keeps the value of every label however many there are', async () => {
      const { entityType, source, store } = await setUp();
      const count = store.maxLabelsPerRead;
      // Of many entities, as a request is: a join within one would be as many pairs as labels times rows.
      const idOf = (index: number) => `x${index % 1000}`;
      await store.append(
        source,
        Array.from({ length: count }, (_, index) => createRow(idOf(index), index, { a: String(index) })),
      );
      const cells = await store.pointInTime({
        entityType,
        labels: Array.from({ length: count }, (_, index) => ({
          entityId: idOf(count - 1 - index),
          time: T(count - 1 - index),
        })),
        features: entityType.features.slice(0, 1),
      });
      expect(cells.map(([cell]) => cell?.value)).toEqual(
        Array.from({ length: count }, (_, index) => String(count - 1 - index)),
      );
      // The engine that runs GoogleSQL in tests needs most of a minute on a busy machine.
    }, 180_000);

    it('refuses no labels at all, or more than it takes', async () => {
      const { entityType, store } = await setUp();
      const read = (count: number) =>
        store.pointInTime({
          entityType,
          labels: Array(count).fill({ entityId: 'x', time: T(0) }),
          features: entityType.features,
        });
      await expect(read(0)).rejects.toThrow(RangeError);
      await expect(read(store.maxLabelsPerRead + 1)).rejects.toThrow(RangeError);
    });

    describe('a sample of entity ids', () => {
      it('has each entity of any source once, and no more than are asked for', async () => {
        const { entityType, store } = await setUp({
          sources: [
            { name: 'hourly', features: [{ name: 'a', valueType: 'STRING' }] },
            { name: 'fixed', static: true, features: [{ name: 'b', valueType: 'STRING' }] },
          ],
        });
        const [hourly, fixed] = entityType.sources as [FeatureSource, FeatureSource];
        expect(await store.sampleEntityIds(entityType, 10)).toEqual([]);
        await store.append(hourly, [
          createRow('x', 0, {}),
          createRow('x', 1, { a: '1' }),
          createRow('y', 0, { a: '1' }),
        ]);
        await store.append(fixed, [
          { ...createRow('y', 0, { b: '2' }), timestamp: null },
          { ...createRow('z', 0, { b: '2' }), timestamp: null },
        ]);
        expect((await store.sampleEntityIds(entityType, 10)).toSorted()).toEqual(['x', 'y', 'z']);
        const two = await store.sampleEntityIds(entityType, 2);
        expect(new Set(two).size).toBe(2);
      });

      it('is of any of them, and writes composite ids as they are read', async () => {
        const { entityType, source, store } = await setUp({ entityIdColumns: ['customer', 'page'] });
        const ids = ['1,11', '11,1', 'a%2Cb,c%25'];
        await store.append(
          source,
          [0, 1].flatMap((seconds) => ids.map((id) => createRow(id, seconds, { a: id }))),
        );
        expect((await store.sampleEntityIds(entityType, 10)).toSorted()).toEqual(ids.toSorted());
        const seen = new Set<string>();
        // Of three, one drawn forty times: to miss one of them is a chance of one in three million.
        for (let draw = 0; draw < 40; draw += 1) seen.add((await store.sampleEntityIds(entityType, 1))[0]!);
        expect([...seen].toSorted()).toEqual(ids.toSorted());
      });
    });

    describe('the newest values', () => {
      /** By entity and feature: the value, and the second of its time. */
      const newest = async (store: OfflineStore, source: FeatureSource, read?: NewestRead) => {
        const found: Record<string, [RawValue | null, number | null]> = {};
        for await (const writes of store.newest(source, read)) {
          for (const { entityId, version, values } of writes) {
            const seconds = version.timestamp === null ? null : Number(version.timestamp - T(0)) / 1e6;
            for (const [feature, value] of values) found[`${entityId}.${feature}`] = [value, seconds];
            if (values.size === 0) found[entityId] = [null, seconds];
          }
        }
        return found;
      };

      it('are of each feature on its own, with the time of the newest row beside them', async () => {
        const { source, store } = await setUp();
        await store.append(source, [
          createRow('x', 1, { a: '1' }),
          createRow('x', 2, { b: '2' }),
          createRow('y', 3, {}),
        ]);
        expect(await newest(store, source)).toEqual({
          x: [null, 2],
          'x.a': ['1', 1],
          'x.b': ['2', 2],
          y: [null, 3],
        });
      });

      it('leave out what is not known yet, to the microsecond', async () => {
        for (const dense of [false, true]) {
          const { source, store } = await setUp({ dense });
          await store.append(source, [
            createRow('x', 1, { a: 'known' }),
            createRow('x', 2, { a: 'just' }),
            createRow('y', 3, {}),
          ]);
          expect((await newest(store, source, { asOf: T(2) - 1n }))['x.a']).toEqual(['known', 1]);
          expect((await newest(store, source, { asOf: T(2) }))['x.a']).toEqual(['just', 2]);
          const entities = Object.keys(await newest(store, source, { asOf: T(2) })).map((key) => key.split('.')[0]);
          expect(new Set(entities)).toEqual(new Set(['x']));
          expect(await newest(store, source, { asOf: T(0) })).toEqual({});
        }
      });

      it('of a static source are known at any moment', async () => {
        const { source, store } = await setUp({
          sources: [{ static: true, features: [{ name: 'a', valueType: 'STRING' }] }],
        });
        await store.append(source, [createRow('x', 0, { a: 'always' })]);
        expect((await newest(store, source, { asOf: T(-1e6) }))['x.a']).toEqual(['always', null]);
      });

      it('are of the asked features alone, but whole rows in a dense entity type', async () => {
        for (const [dense, keys] of [
          [false, ['x.b']],
          [true, ['x.a', 'x.b']],
        ] as const) {
          const { entityType, source, store } = await setUp({ dense });
          await store.append(source, [createRow('x', 1, { a: '1', b: '2' })]);
          const features = entityType.features.slice(1);
          expect(Object.keys(await newest(store, source, { features })).sort()).toEqual(keys);
          const partial: unknown[] = [];
          for await (const writes of store.newest(source, { features })) {
            partial.push(...writes.map(({ isPartial = false }) => isPartial));
          }
          expect(partial).toEqual([!dense]);
        }
      });

      it('are given up when no caller waits for them any more', async () => {
        const { source, store } = await setUp();
        await store.append(source, [createRow('x', 1, { a: '1' })]);
        const wish = new AbortController();
        const reading = async () => {
          for await (const _ of store.newest(source, { signal: wish.signal })) wish.abort('enough');
        };
        await expect(reading()).rejects.toBe('enough');
        await expect(reading()).rejects.toBe('enough');
      });

      it('are estimated by the columns that are read', async () => {
        const { entityType, source, store } = await setUp();
        await store.append(
          source,
          Array.from({ length: 20 }, (_, i) => createRow(`x${i}`, i, { a: 'a', b: 'b'.repeat(1000) })),
        );
        const { scanned: onlyA } = await store.estimateNewestScan(source, {
          asOf: T(9),
          features: [entityType.features[0]!],
        });
        const { scanned: both } = await store.estimateNewestScan(source, { asOf: T(9) });
        expect(onlyA).toBeGreaterThan(0n);
        expect(Number(both - onlyA)).toBeGreaterThanOrEqual(20_000);
      });
    });

    describe('history', () => {
      const read = async (
        store: OfflineStore,
        feature: Feature | undefined,
        range: Partial<Parameters<OfflineStore['history']>[0]> = {},
      ) =>
        (
          await store.history({
            feature: feature!,
            entityId: 'x',
            from: null,
            to: null,
            before: null,
            limit: 10,
            ...range,
          })
        ).map(({ value, timestamp }) => [timestamp === null ? null : Number(timestamp - T(0)) / 1e6, value]);

      it('is the newest first, one value a moment, inside the range', async () => {
        const { entityType, source, store } = await setUp();
        await store.append(
          source,
          [1, 2, 3, 4].map((seconds) => createRow('x', seconds, { a: String(seconds) })),
        );
        await store.append(source, [createRow('x', 2, { a: 'corrected' }), createRow('y', 2, { a: 'not mine' })]);
        const [a] = entityType.features;
        expect(await read(store, a)).toEqual([
          [4, '4'],
          [3, '3'],
          [2, 'corrected'],
          [1, '1'],
        ]);
        expect(await read(store, a, { from: T(2), to: T(3) })).toEqual([
          [3, '3'],
          [2, 'corrected'],
        ]);
        expect(await read(store, a, { limit: 2 })).toEqual([
          [4, '4'],
          [3, '3'],
        ]);
        expect(await read(store, a, { before: T(3) })).toEqual([
          [2, 'corrected'],
          [1, '1'],
        ]);
      });

      it('has nulls only in a dense entity type', async () => {
        for (const [dense, expected] of [
          [false, [[1, '1']]],
          [
            true,
            [
              [2, null],
              [1, '1'],
            ],
          ],
        ] as const) {
          const { entityType, source, store } = await setUp({ dense });
          await store.append(source, [createRow('x', 1, { a: '1' }), createRow('x', 2, { b: '2' })]);
          expect(await read(store, entityType.features[0])).toEqual(expected);
        }
      });

      it.each([true, false])(
        'of an entity that no row is about is empty, also in a static source (dense: %s)',
        async (dense) => {
          const { entityType, source, store } = await setUp({
            dense,
            sources: [
              { static: true, features: [{ name: 'a', valueType: 'STRING' }] },
              { name: 'timed', features: [{ name: 'b', valueType: 'STRING' }] },
            ],
          });
          await store.append(source, [createRow('known', 0, { a: 'x' })]);
          for (const feature of entityType.features) {
            const read = { feature, entityId: 'unknown', from: null, to: null, before: null, limit: 10 };
            expect(await store.history(read)).toEqual([]);
          }
        },
      );

      it('of a static feature is its one value, without a time', async () => {
        const { entityType, source, store } = await setUp({
          sources: [{ static: true, features: [{ name: 'a', valueType: 'STRING' }] }],
        });
        expect(await read(store, entityType.features[0])).toEqual([]);
        await store.append(source, [createRow('x', 0, { a: 'old' }), createRow('x', 0, { a: 'new' })]);
        expect(await read(store, entityType.features[0], { from: T(5) })).toEqual([[null, 'new']]);
      });
    });

    it('gives the rows of some entities as they were written, in the order of arrival, up to a moment', async () => {
      const { entityType, source, store } = await setUp({ entityIdColumns: ['origin', 'destination'] });
      const written: FeatureRow[] = [
        { ...createRow('SFO,JFK', 1, { a: 'first' }), createdTimestamp: T(9), sequence: 7n },
        { ...createRow('SFO,JFK', 0, { a: 'late', b: 'b' }) },
        { ...createRow('SFO,JFK', 1, { a: 'first again' }), createdTimestamp: T(9), sequence: 7n },
        createRow('JFK,SFO', 2, { b: 'other' }),
        createRow('SFO,SFO', 1, { a: 'of parts that were both asked for' }),
        createRow('SFO,JFK', 3, { a: 'too late' }),
      ];
      await store.append(source, written);
      const given: FeatureRow[] = [];
      const read = { source, features: entityType.features, entityIds: ['SFO,JFK', 'JFK,SFO', 'never,seen'], to: T(2) };
      for await (const rows of store.rows(read)) given.push(...rows);
      const whole = (row: FeatureRow): FeatureRow => ({
        createdTimestamp: null,
        sequence: null,
        ...row,
        values: new Map(['a', 'b'].map((name) => [name, row.values.get(name) ?? null])),
      });
      expect(given).toEqual(written.slice(0, 4).map(whole));
    });

    it.each([[['id']], [['origin', 'destination']]])(
      'gives the rows of all entities with a later event time in the order of event times, with the id columns %j',
      async (entityIdColumns) => {
        const { entityType, source, store } = await setUp({ entityIdColumns });
        const [x, y] = entityIdColumns.length === 1 ? ['x', 'y'] : ['x,y', 'y,x'];
        await store.append(source, [
          createRow(x, 9, { a: 'third' }),
          createRow(y, 7, { a: 'first' }),
          createRow(x, 5, { a: 'of the moment itself' }),
          createRow(x, 4, { a: 'earlier' }),
          createRow(y, 8, { a: 'second' }),
        ]);
        const read = async (seconds: number, limit: number): Promise<unknown[]> => {
          const later = { than: T(seconds), limit };
          const given: FeatureRow[] = [];
          const features = entityType.features;
          for await (const rows of store.rows({ source, features, entityIds: null, to: null, later }))
            given.push(...rows);
          return given.map(({ values }) => values.get('a'));
        };
        expect(await read(5, 10)).toEqual(['first', 'second', 'third']);
        expect(await read(5, 2)).toEqual(['first', 'second']);
        expect(await read(9, 10)).toEqual([]);
      },
    );

    it.each([[['id']], [['origin', 'destination']]])(
      'gives the rows of a period of writing in the order of their creation times, with the id columns %j',
      async (entityIdColumns) => {
        const { entityType, source, store } = await setUp({ entityIdColumns });
        const [x, y] = entityIdColumns.length === 1 ? ['x', 'y'] : ['x,y', 'y,x'];
        const other = entityIdColumns.length === 1 ? 'z' : 'x,x';
        const row = (entityId: string, seconds: number, created: number | null, a: string): FeatureRow => ({
          ...createRow(entityId, seconds, { a }),
          createdTimestamp: created === null ? null : T(created),
        });
        await store.append(source, [
          row(x, 9, 3, 'third'),
          row(other, 1, 2, 'of another entity'),
          row(y, 8, 2, 'second'),
          row(x, 1, 1, 'first'),
          row(x, 2, 0, 'before'),
          row(x, 7, 4, 'fourth'),
          row(x, 3, null, 'without a time of writing'),
        ]);
        const read = async (after: number, upTo: number | null, limit: number | null): Promise<unknown[]> => {
          const written = { after: T(after), upTo: upTo === null ? null : T(upTo), limit };
          const ofPeriod = { source, features: entityType.features, entityIds: [x, y], to: null, written };
          const given: FeatureRow[] = [];
          for await (const rows of store.rows(ofPeriod)) given.push(...rows);
          return given.map(({ values }) => values.get('a'));
        };
        expect(store.hasCreationTimes(source)).toBe(true);
        expect(await read(0, null, null)).toEqual(['first', 'second', 'third', 'fourth']);
        expect(await read(0, 3, null)).toEqual(['first', 'second', 'third']);
        expect(await read(1, null, 2)).toEqual(['second', 'third']);
        expect(await read(4, null, 2)).toEqual([]);
      },
    );

    it.each([[['id']], [['origin', 'destination']]])(
      'deletes all rows of entities with the id columns %j from all sources, and no others',
      async (entityIdColumns) => {
        const features = (name: string) => [{ name, valueType: 'STRING' as const }];
        const { entityType, store } = await setUp({
          entityIdColumns,
          sources: [
            { name: 'timed', features: features('a') },
            { name: 'fixed', static: true, features: features('b') },
          ],
        });
        // A composite id has the parts encoded.
        const toId = (id: string): string =>
          entityIdColumns.length === 1 ? id : id.replaceAll('%', '%25').replace('-', ',');
        const ids = ['a%-b', 'b-a%', 'a%-a%', 'x-y'].map(toId);
        const [timed, fixed] = entityType.sources as [FeatureSource, FeatureSource];
        for (const id of ids) {
          await store.append(timed, [createRow(id, -1, { a: id }), createRow(id, 0, { a: id })]);
          await store.append(fixed, [{ ...createRow(id, 0, { b: id }), timestamp: null }]);
        }
        stores.passWriteBuffer?.();
        const deleted = [ids[0]!, ids[1]!, toId('never-seen')];
        await store.delete(entityType, deleted);
        await store.delete(entityType, deleted);
        const read = async () =>
          store.pointInTime({
            entityType,
            labels: ids.map((entityId) => ({ entityId, time: T(0) })),
            features: entityType.features,
          });
        expect((await read()).map((row) => row.map(({ status }) => status))).toEqual([
          ['NOT_FOUND', 'NOT_FOUND'],
          ['NOT_FOUND', 'NOT_FOUND'],
          ['PRESENT', 'PRESENT'],
          ['PRESENT', 'PRESENT'],
        ]);
        await store.append(timed, [createRow(ids[0]!, -2, { a: 'later' })]);
        expect((await read())[0]!.map(({ value }) => value)).toEqual(['later', null]);
      },
    );

    it('adds the column of a feature that is new in the registry', async () => {
      const { entityType, source, store } = await setUp({ name: 'grows' });
      await store.append(source, [createRow('x', 0, { a: '1' })]);
      const grown = testEntityType({
        name: 'grows',
        sources: [{ features: ['new', 'a', 'b'].map((feature) => ({ name: feature, valueType: 'STRING' })) }],
      });
      const regrown = await stores.storeFor(grown);
      await regrown.append(grown.sources[0]!, [createRow('y', 0, { a: '2', new: 'n' })]);
      const cells = await regrown.pointInTime({
        entityType: grown,
        labels: ['x', 'y'].map((entityId) => ({ entityId, time: T(0) })),
        features: grown.features,
      });
      expect(cells.map((row) => row.map(({ value }) => value))).toEqual([
        [null, '1', null],
        ['n', '2', null],
      ]);
      expect(entityType.name).toBe(grown.name);
    });

    it('is healthy while it is open', async () => {
      expect(await (await setUp()).store.isHealthy()).toBe(true);
    });
  });
}

function createRow(entityId: string, seconds: number, values: Record<string, RawValue | null>): FeatureRow {
  return { entityId, timestamp: T(seconds), values: new Map(Object.entries(values)) };
}
