import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { OnlineStore } from '../../datasources/online/online-store.js';
import type { EntityType } from '../../datasources/registry/model.js';
import type { FeatureWriter, IncomingRow } from '../../ingestion/feature-writer.js';
import type { EntityDeletion } from '../../ingestion/writes/entity-deletion.js';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import { oracleCell } from '../support/point-in-time-oracle.js';
import { testRegistry, type EntityTypeInput, type StoresInput } from '../support/test-registry.js';
import { until } from '../support/until.js';

export interface OpenWriter {
  readonly writer: FeatureWriter & EntityDeletion;
  readonly online: OnlineStore;
  readonly offline: OfflineStore;
  /** Lets the next write fail after the first of the two stores has it, or before any: as a real failure can. */
  readonly failNextWrite: () => void;
  readonly close: () => Promise<void>;
}

export interface FeatureWriterUnderTest {
  readonly open: (entityType: EntityType, clock: Clock) => Promise<OpenWriter>;
  /** Passes the time after which the offline store deletes rows that were just written. */
  readonly passWriteBuffer?: () => void;
  readonly dispose: () => Promise<void>;
}

const START = 1_000_000_000_000_000n;
const T = (seconds: number): Instant => START + BigInt(Math.round(seconds * 1e6));
const FEATURES = [
  { name: 'a', valueType: 'INT64' as const },
  { name: 'b', valueType: 'STRING' as const },
];
const OPTIONS = { strictlyBefore: false, knownAtLabelTime: false, knownAt: null, includeExpired: false };

type Values = Readonly<Record<string, RawValue | null>>;

/** What every writer must keep, whatever its stores. */
export function describeFeatureWriter(
  name: string,
  stores: StoresInput,
  start: () => Promise<FeatureWriterUnderTest>,
  numRuns = Number(process.env.PROPERTY_RUNS ?? 20),
): void {
  describe(`feature writer: ${name}`, { timeout: 120_000 }, () => {
    let underTest: FeatureWriterUnderTest;
    let made = 0;
    beforeAll(async () => {
      underTest = await start();
    }, 60_000);
    afterAll(async () => underTest.dispose());

    const setUp = async (input: Partial<EntityTypeInput> = {}) => {
      const typeName = `written_${(made += 1)}`;
      const entityType = testRegistry({
        ...stores,
        name: 'test',
        entityTypes: [{ name: typeName, sources: [{ name: 'timed', features: FEATURES }], ...input }],
      }).entityType('test', typeName);
      let now = T(0);
      const opened = await underTest.open(entityType, () => now);
      const row = (entityId: string, seconds: number | null, values: Values): IncomingRow => ({
        entityId,
        timestamp: seconds === null ? null : T(seconds),
        values: new Map(
          Object.entries(values).map(([feature, value]) => [
            entityType.features.find((candidate) => candidate.name === feature)!,
            value,
          ]),
        ),
      });
      const write = (...rows: IncomingRow[]) => opened.writer.write({ entityType, rows });
      const readOnline = async (entityIds: string[]) =>
        opened.online.read({ entityType, entityIds, features: entityType.features, now });
      const readAsOf = async (entityIds: string[], time = now) =>
        opened.offline.pointInTime({
          entityType,
          labels: entityIds.map((entityId) => ({ entityId, time })),
          features: entityType.features,
        });
      /** The values of one entity, which both stores must agree on. */
      const read = async (entityId = 'x') => {
        const online = await readOnline([entityId]);
        expect(online).toEqual(await readAsOf([entityId]));
        return online[0]!.map(({ value, status }) => value ?? status);
      };
      const pass = (seconds: number): void => void (now = T(seconds));
      return { ...opened, entityType, row, write, read, readOnline, readAsOf, pass };
    };

    it('never replaces a newer value by an older one, in either order, also within a batch', async () => {
      const { row, write, read, readAsOf, close } = await setUp();
      await write(row('x', -5, { a: 5n }));
      await write(row('x', -9, { a: 9n, b: 'old' }));
      expect(await read()).toEqual([5n, 'old']);
      await write(row('y', -2, { a: 2n }), row('y', -4, { a: 4n }), row('y', -3, { a: 3n }));
      expect((await read('y'))[0]).toBe(2n);
      expect((await readAsOf(['y'], T(-3)))[0]![0]!.value).toBe(3n);
      await close();
    });

    it('finds a repeated row of the newest event time a duplicate, and a value of another kind a correction', async () => {
      const { row, write, read, close } = await setUp();
      expect(await write(row('x', -5, { a: 1n }))).toMatchObject({ written: 1, duplicates: 0 });
      expect(await write(row('x', -5, { a: 1n }))).toMatchObject({ written: 0, duplicates: 1, duplicateRows: [0] });
      await write(row('x', -5, { a: 2n }));
      expect((await read())[0]).toBe(2n);
      await write(row('x', -5, { a: 1n }));
      expect((await read())[0]).toBe(1n);
      await write(row('z', -5, { a: 7n }), row('z', -5, { a: 8n }));
      expect((await read('z'))[0]).toBe(8n);
      // Restored in one request: the last row equals the stored value, but not the row before it.
      expect(await write(row('z', -5, { a: 9n }), row('z', -5, { a: 8n }))).toMatchObject({
        written: 2,
        duplicates: 0,
      });
      expect((await read('z'))[0]).toBe(8n);
      await close();
    });

    it('takes the later of two writes of a moment, and the newer event time, while the clock jumps to and fro', async () => {
      const { row, write, read, readAsOf, pass, close } = await setUp();
      await write(row('x', -200_005, { a: 1n, b: 'first' }));
      // A correction of the same moment after each jump: a day ahead, two days back, and to the right time.
      for (const [value, jump] of [
        [2n, 86_400],
        [3n, -86_400],
        [4n, 0],
        [5n, -3_600],
      ] as const) {
        pass(jump);
        await write(row('x', -200_005, { a: value, b: 'first' }));
        expect(await read()).toEqual([value, 'first']);
      }
      await write(row('x', -200_000, { a: 6n, b: 'newer' }));
      pass(-100_000);
      await write(row('x', -200_003, { a: 7n, b: 'older' }));
      expect(await read()).toEqual([6n, 'newer']);
      expect((await readAsOf(['x'], T(-200_004)))[0]!.map(({ value }) => value)).toEqual([5n, 'first']);
      expect((await readAsOf(['x'], T(-200_003)))[0]!.map(({ value }) => value)).toEqual([7n, 'older']);
      await close();
    });

    it.each([true, false])('keeps written nulls as the entity type says; dense: %s', async (dense) => {
      const { row, write, read, close } = await setUp({ dense });
      await write(row('x', -9, { a: 9n, b: 'nine' }));
      await write(row('x', -5, { a: null, b: 'five' }));
      expect(await read()).toEqual(dense ? ['NULL', 'five'] : [9n, 'five']);
      const { faults } = await write(row('x', -4, { b: 'four' }));
      expect(faults).toHaveLength(dense ? 1 : 0);
      await write(row('y', -4, { a: null, b: null }));
      expect(await read('y')).toEqual(['NULL', 'NULL']);
      await close();
    });

    it('keeps rows that are not as expected out of both stores, or writes them with a warning, as the registry says', async () => {
      const { row, write, read, close } = await setUp({
        sources: [
          {
            name: 'timed',
            features: [
              { name: 'a', valueType: 'INT64', expectations: [{ max: '9007199254740993', onViolation: 'REJECT' }] },
              {
                name: 'b',
                valueType: 'STRING',
                expectations: [
                  { in: ['web', 'shop'], onViolation: 'WARN' },
                  { matches: '[a-z]+', onViolation: 'QUARANTINE' },
                ],
              },
            ],
          },
        ],
      });
      await write(row('x', -9, { a: 9007199254740993n, b: 'web' }));
      const outcome = await write(
        row('x', -5, { a: 9007199254740994n }),
        row('x', -5, { b: 'WEB' }),
        row('y', -5, { b: 'mail' }),
        row('y', -5, { b: 'mail' }),
        row('z', -5, { a: null, b: null }),
      );
      expect(outcome).toMatchObject({
        written: 2,
        duplicates: 1,
        faults: [{ row: 0, code: 'EXPECTATION_VIOLATED', part: { kind: 'VALUE', feature: 'a' } }],
        quarantined: [{ row: 1, violations: [{ kind: 'PATTERN', action: 'QUARANTINE' }, { kind: 'SET' }] }],
        warned: [
          { row: 2, violations: [{ feature: 'b', kind: 'SET', action: 'WARN' }] },
          { row: 3, violations: [{ feature: 'b', kind: 'SET', action: 'WARN' }] },
        ],
      });
      expect(await read()).toEqual([9007199254740993n, 'web']);
      expect((await read('y'))[1]).toBe('mail');
      await close();
    });

    it('writes the good rows and says the fault of each other one', async () => {
      const { row, write, read, close } = await setUp();
      const outcome = await write(
        row('x', null, { a: 1n }),
        row('x', -1, { a: 2n }),
        row('', -1, { a: 3n }),
        row('x', -1, {}),
        row('x', -4_000_000_000, { a: 4n }),
        row('y', -1, { a: 5n }),
      );
      expect(outcome).toMatchObject({ written: 2, duplicates: 0 });
      expect(outcome.faults.map(({ row, part }) => [row, part?.kind])).toEqual([
        [0, 'TIMESTAMP'],
        [2, 'ENTITY_ID'],
        [3, undefined],
        [4, 'TIMESTAMP'],
      ]);
      expect([(await read('x'))[0], (await read('y'))[0]]).toEqual([2n, 5n]);
      await close();
    });

    it('serves a row of the future when its time comes, by itself', async () => {
      const { row, write, read, readOnline, pass, close } = await setUp();
      await write(row('x', -5, { a: 1n }), row('x', 0.3, { a: 2n }));
      expect((await read())[0]).toBe(1n);
      pass(0.31);
      await until(async () => (await readOnline(['x']))[0]![0]!.value === 2n);
      expect((await read())[0]).toBe(2n);
      await close();
    });

    it('takes the repetition of a write that failed, and has each value once', async () => {
      const { row, write, read, failNextWrite, close } = await setUp();
      await write(row('x', -9, { a: 9n }));
      failNextWrite();
      const rows = [row('x', -5, { a: 5n }), row('y', -5, { b: 'y' })];
      await expect(write(...rows)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await write(...rows);
      expect([await read('x'), await read('y')]).toEqual([
        [5n, 'NULL'],
        ['NULL', 'y'],
      ]);
      await close();
    });

    it('deletes entities with their rows of the future, and restores only what is written later', async () => {
      const { row, write, read, writer, entityType, pass, close } = await setUp();
      await write(row('x', -5, { a: 1n, b: 'one' }), row('x', 0.2, { a: 2n }), row('y', -5, { a: 3n }));
      underTest.passWriteBuffer?.();
      await writer.deleteEntities(entityType, ['x', 'nobody']);
      pass(1);
      await write(row('y', 0.5, { a: 4n }));
      expect(await read('x')).toEqual(['NOT_FOUND', 'NOT_FOUND']);
      expect((await read('y'))[0]).toBe(4n);
      await write(row('x', -8, { a: 8n }));
      expect(await read('x')).toEqual([8n, 'NULL']);
      await close();
    });

    it('online, as of now and in the oracle, random writes have the same values', async () => {
      const value = {
        a: fc.option(fc.constantFrom(0n, 1n, 2n ** 63n - 1n), { nil: null, freq: 3 }),
        b: fc.option(fc.constantFrom('', 'ü✈', 'b'), { nil: null, freq: 3 }),
      };
      const written = fc.record({
        entityId: fc.constantFrom('x', 'y', '%2C'),
        seconds: fc.integer({ min: -4, max: 0 }),
        values: fc.record(value),
      });
      const batches = fc.array(fc.array(written, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(fc.boolean(), batches, async (dense, all) => {
          const { row, write, readOnline, readAsOf, entityType, close } = await setUp({ dense });
          const arrived = all.flat().map(({ entityId, seconds, values }) => ({
            entityId,
            timestamp: T(seconds),
            values: new Map<string, RawValue | null>(Object.entries(values)),
          }));
          for (const batch of all) {
            await write(...batch.map(({ entityId, seconds, values }) => row(entityId, seconds, values)));
          }
          const ids = ['x', 'y', '%2C', 'nobody'];
          const expected = ids.map((entityId) =>
            entityType.features.map((feature) => oracleCell(arrived, { entityId, time: T(0) }, feature, OPTIONS)),
          );
          expect(await readAsOf(ids)).toEqual(expected);
          expect(await readOnline(ids)).toEqual(expected);
          await close();
        }),
        { numRuns },
      );
    });
  });
}
