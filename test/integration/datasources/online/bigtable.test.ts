import { Bigtable } from '@google-cloud/bigtable';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { BigtableOnlineStore } from '../../../../datasources/online/bigtable/bigtable-online-store.js';
import { rowKey } from '../../../../datasources/online/bigtable/row-key.js';
import type { BigtableSettings, EntityType } from '../../../../datasources/registry/model.js';
import type { Instant } from '../../../../values/instant.js';
import {
  createTable,
  describeWithBigtable,
  openBigtable,
  openTestStore,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../../support/google/bigtable-emulator.js';
import { startFaultProxy } from '../../../support/google/fault-proxy.js';
import { testEntityType } from '../../../support/test-registry.js';

/** A moment in the middle of a millisecond. */
const T = 1_000_000_000_000_500n;
const HOUR = 3_600_000_000n;

describeWithBigtable('Bigtable as an online store', () => {
  let emulator: BigtableEmulator;
  let settings: BigtableSettings;
  let store: BigtableOnlineStore;
  let made = 0;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    settings = await createTable(emulator.endpoint, { versionRetentionSeconds: 3600, columnFamily: 'v.1' });
    store = await openBigtable(settings, { apiEndpoint: emulator.endpoint });
  });
  afterAll(async () => {
    await store.close();
    await emulator.stop();
  });

  const thing = (input: object = {}): EntityType =>
    testEntityType({
      name: `thing_${(made += 1)}`,
      sources: [
        {
          features: [
            { name: 'a', valueType: 'STRING' },
            { name: 'b', valueType: 'STRING' },
          ],
        },
      ],
      ...input,
    });
  const write = (
    entityType: EntityType,
    timestamp: Instant | null,
    values: Record<string, string | null>,
    sequence: bigint | null = null,
  ) =>
    store.write(entityType, [
      {
        entityId: 'x',
        source: entityType.sources[0]!,
        version: { timestamp, createdTimestamp: null, sequence },
        values: new Map(Object.entries(values)),
      },
    ]);

  describe('as of a past moment', () => {
    const asOf = async (entityType: EntityType, moment: Instant, now = T + HOUR / 2n) => {
      const [row] = await store.versions!.readAsOf({
        entityType,
        entityIds: ['x'],
        features: entityType.features,
        now,
        asOf: moment,
      });
      return row![0];
    };

    it('gives the newest value that is not after it, never a later one', async () => {
      const entityType = thing();
      await write(entityType, T - 3000n, { a: '1' });
      await write(entityType, T, { a: '2' });
      await write(entityType, T + 3000n, { a: '3' });
      const valueAt = async (moment: Instant) => (await asOf(entityType, moment))?.value;
      expect(await valueAt(T - 501n)).toBe('1');
      expect(await asOf(entityType, T)).toEqual({ status: 'PRESENT', value: '2', timestamp: T });
      expect([await valueAt(T + 499n), await valueAt(T + 2499n)]).toEqual(['2', '2']);
      expect(await valueAt(T + 3000n)).toBe('3');
    });

    it('does not answer within the millisecond of a later value, which may have replaced an earlier one', async () => {
      const entityType = thing();
      await write(entityType, T - 100n, { a: 'replaced' });
      await write(entityType, T, { a: 'later' });
      expect(await asOf(entityType, T - 1n)).toBeUndefined();
      expect(await asOf(entityType, T - 501n)).toBeUndefined();
      expect((await asOf(entityType, T))?.value).toBe('later');
    });

    it('does not answer from a replaced value older than the retention: one between may have been collected', async () => {
      const entityType = thing();
      await write(entityType, T, { a: '1' });
      await write(entityType, T + HOUR, { a: '2' });
      const asked = T + HOUR / 2n;
      expect((await asOf(entityType, asked, T + HOUR))?.value).toBe('1');
      expect(await asOf(entityType, asked, T + HOUR + 1n)).toBeUndefined();
    });

    it('answers from the newest value of all however old it is: it is never collected', async () => {
      const entityType = thing();
      await write(entityType, T, { a: '1' });
      expect((await asOf(entityType, T + 99n * HOUR, T + 100n * HOUR))?.value).toBe('1');
    });

    it('does not take the absence of values for an answer', async () => {
      const entityType = thing();
      expect(await asOf(entityType, T)).toBeUndefined();
      await write(entityType, T, { b: 'the row is known, and never had an a since the retention began' });
      expect(await asOf(entityType, T)).toBeUndefined();
    });

    it('knows ttl, nulls of dense rows and static values', async () => {
      const mortal = thing({ ttlSeconds: 1 });
      await write(mortal, T, { a: '1' });
      expect(await asOf(mortal, T + 1_000_000n)).toMatchObject({ status: 'PRESENT' });
      expect(await asOf(mortal, T + 1_000_001n)).toEqual({ status: 'EXPIRED', value: null, timestamp: T });

      const dense = thing({ dense: true });
      await write(dense, T, { b: '1' });
      expect(await asOf(dense, T)).toEqual({ status: 'NULL', value: null, timestamp: T });

      const fixed = thing({ sources: [{ static: true, features: [{ name: 'a', valueType: 'STRING' }] }] });
      await write(fixed, null, { a: '1' });
      expect(await asOf(fixed, 0n)).toEqual({ status: 'PRESENT', value: '1', timestamp: null });
    });

    it('keeps no versions to be asked for when no retention is configured', async () => {
      const forgetful = await openTestStore(emulator.endpoint);
      onTestFinished(() => forgetful.close());
      expect(forgetful.versions).toBeUndefined();
    });
  });

  it('stamps every cell with the time of its value, and one without a time with 0', async () => {
    const [timed, fixed] = [
      thing(),
      thing({ sources: [{ static: true, features: [{ name: 'a', valueType: 'STRING' }] }] }),
    ];
    await write(timed, T, { a: '1' });
    await write(timed, T - 5000n, { a: '0' });
    await write(fixed, null, { a: '1' });
    expect(await cellTimes(timed)).toEqual(['1000000000000000', '999999999995000']);
    expect(await cellTimes(fixed)).toEqual(['0']);
  });

  it('writes an entity in one call, and asks column by column only where a newer value is in the way', async () => {
    const { proxy, watched } = await watchedStore();
    const entityType = thing();
    const writeOf = (sequence: bigint, values: Record<string, string>) => ({
      entityId: 'x',
      source: entityType.sources[0]!,
      version: { timestamp: T, createdTimestamp: null, sequence },
      values: new Map(Object.entries(values)),
    });
    await watched.write(entityType, [writeOf(2n, { a: '2' }), writeOf(1n, { a: '1', b: '1' })]);
    expect(proxy.calls).toEqual(['CheckAndMutateRow']);
    await watched.write(entityType, [writeOf(1n, { a: 'older', b: 'not older' })]);
    // All at once is refused; then the source's slot, a and b each for itself.
    expect(proxy.calls).toHaveLength(1 + 1 + 3);
    const [row] = await watched.read({ entityType, entityIds: ['x'], features: entityType.features, now: T });
    expect(row?.map(({ value }) => value)).toEqual(['2', 'not older']);
  });

  it('reads many entities in requests of 100, each id once, and none for none', async () => {
    const { proxy, watched } = await watchedStore();
    const entityType = thing();
    const read = (entityIds: string[], features = entityType.features) =>
      watched.read({ entityType, entityIds, features, now: T });
    await read(Array.from({ length: 250 }, (_, index) => `e${index}`));
    expect(proxy.calls).toEqual(['ReadRows', 'ReadRows', 'ReadRows']);
    await read(Array.from({ length: 1000 }, () => 'always the same'));
    expect(proxy.calls).toHaveLength(4);
    // Neither without ids nor without features is there a request: it would be one for the whole table or whole rows.
    await expect(read([])).rejects.toThrow(RangeError);
    expect(await read(['x', 'y'], [])).toEqual([[], []]);
    expect(proxy.calls).toHaveLength(4);
  });

  /** A store whose calls are counted. */
  async function watchedStore() {
    const proxy = await startFaultProxy(emulator.endpoint);
    const watched = await openBigtable(settings, { apiEndpoint: proxy.endpoint });
    onTestFinished(async () => {
      await watched.close();
      await proxy.stop();
    });
    return { proxy, watched };
  }

  /** The times of the cells of feature a, as the table itself has them. */
  async function cellTimes(entityType: EntityType): Promise<string[]> {
    const client = new Bigtable({ projectId: settings.project, apiEndpoint: emulator.endpoint, metricsEnabled: false });
    onTestFinished(async () => {
      await client.close();
    });
    const table = client.instance(settings.instance).table(settings.table);
    const [row] = await table.row(rowKey(entityType, 'x')).get({ decode: false });
    return row.data[settings.columnFamily]['=a'].map(({ timestamp }: { timestamp: string }) => timestamp);
  }
});
