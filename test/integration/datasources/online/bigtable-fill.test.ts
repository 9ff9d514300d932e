import { status as CODE } from '@grpc/grpc-js';
import { Bigtable } from '@google-cloud/bigtable';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { BigtableOnlineStore } from '../../../../datasources/online/bigtable/bigtable-online-store.js';
import { rowKey } from '../../../../datasources/online/bigtable/row-key.js';
import type { OnlineWrite } from '../../../../datasources/online/online-store.js';
import type { BigtableSettings, EntityType, FeatureSource } from '../../../../datasources/registry/model.js';
import { systemClock } from '../../../../values/clock.js';
import {
  createTable,
  describeWithBigtable,
  openBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../../support/google/bigtable-emulator.js';
import { quotaOf } from '../../../support/google/bigtable-admin-quotas.js';
import { bigtableData } from '../../../support/google/bigtable-protos.js';
import { startFaultProxy } from '../../../support/google/fault-proxy.js';
import { testEntityType } from '../../../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const FEATURES = ['a', 'b'].map((name) => ({ name, valueType: 'STRING' as const }));
const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `e${index}`);

describeWithBigtable('filling a Bigtable table that others serve from', () => {
  let emulator: BigtableEmulator;
  let settings: BigtableSettings;
  let entityType: EntityType;
  let made = 0;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    settings = await createTable(emulator.endpoint);
  });
  afterAll(async () => emulator.stop());
  beforeEach(() => {
    entityType = testEntityType({
      name: `thing_${(made += 1)}`,
      sources: [
        { name: 'computed', sql: 'computed.sql', features: FEATURES },
        { name: 'written', features: [{ name: 'c', valueType: 'STRING' }] },
      ],
    });
  });

  /** A gateway's store; its clock can be put forward. */
  const gateway = async (leaseMs = 60_000, apiEndpoint = emulator.endpoint) => {
    const clock = { ahead: 0n };
    const store = await openBigtable(settings, { apiEndpoint, leaseMs, clock: () => systemClock() + clock.ahead });
    onTestFinished(() => store.close());
    return { store, clock };
  };

  const writeOf = (source: FeatureSource, entityId: string, values: Record<string, string>): OnlineWrite => ({
    entityId,
    source,
    version: { timestamp: NOW, createdTimestamp: null, sequence: null },
    values: new Map(Object.entries(values)),
  });
  const computed = (entityIds: readonly string[], value: string): OnlineWrite[] =>
    entityIds.map((entityId) => writeOf(entityType.sources[0]!, entityId, { a: value, b: value }));

  /** Fills as prepareStores does: until it is filled with that. Says how often this store was the one that filled. */
  const fill = async (
    store: BigtableOnlineStore,
    contents: string,
    entityIds: readonly string[],
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<number> => {
    let fills = 0;
    for (;;) {
      const insteadOf = await store.currentFill(entityType);
      if (insteadOf === contents) return fills;
      const isDone = await store.fill(entityType, {
        fingerprint: contents,
        expectedFill: insteadOf,
        readWrites: async function* (source) {
          if (source.sql === null) return;
          fills += 1;
          for (const entityId of entityIds) {
            yield computed([entityId], contents);
            await between();
          }
        },
      });
      if (isDone) return fills;
    }
  };
  const read = async (store: BigtableOnlineStore, entityIds: readonly string[]) => {
    const rows = await store.read({ entityType, entityIds, features: entityType.features, now: NOW });
    return rows.map((row) => row.map((cell) => cell.value));
  };

  it('needs no quota of the admin API, however large: fills, reads and writes are calls for values', async () => {
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const { store } = await gateway(60_000, proxy.endpoint);
    await fill(store, 'first', idsOf(120));
    await fill(store, 'second', idsOf(60));
    await store.write(entityType, computed(['e1'], 'written'));
    await store.read({ entityType, entityIds: idsOf(120), features: entityType.features, now: NOW });
    expect(proxy.calls.length).toBeGreaterThan(4);
    expect(proxy.calls.filter((method) => quotaOf(method) !== null)).toEqual([]);
  });

  it('gives readers of each entity the old or the new, never nothing, and never both', async () => {
    const [{ store: old }, { store: next }] = [await gateway(), await gateway()];
    const entityIds = idsOf(150);
    await fill(old, 'old', entityIds);
    const seen = new Set<string>();
    const look = async () => (await read(old, entityIds)).forEach((row) => seen.add(JSON.stringify(row)));
    const filling = fill(next, 'new', entityIds).then(() => 'done');
    while ((await Promise.race([filling, look()])) !== 'done');
    await look();
    expect([...seen].toSorted()).toEqual(['["new","new",null]', '["old","old",null]']);
  });

  it('is done by one of several that start together, and the others wait for it', async () => {
    const stores = await Promise.all([gateway(), gateway(), gateway()]);
    const fills = await Promise.all(
      stores.map(async ({ store }) => {
        const times = await fill(store, 'these', idsOf(20));
        // A caller that is told that it is filled finds it full.
        expect(await read(store, idsOf(20))).toEqual(idsOf(20).map(() => ['these', 'these', null]));
        return times;
      }),
    );
    expect(fills.toSorted()).toEqual([0, 0, 1]);
  });

  it('leaves what was there when it breaks off, says that it is not filled, and is done by the next', async () => {
    const [{ store: first }, { store: next }] = [await gateway(), await gateway()];
    await fill(first, 'old', idsOf(3));
    let calls = 0;
    const broken = fill(first, 'new', idsOf(3), () =>
      (calls += 1) === 2 ? Promise.reject(new Error('ended')) : Promise.resolve(),
    );
    await expect(broken).rejects.toThrow('ended');
    expect(await next.currentFill(entityType)).toBeUndefined();
    expect(await read(next, idsOf(3))).toEqual([
      ['new', 'new', null],
      ['new', 'new', null],
      ['old', 'old', null],
    ]);
    expect(await fill(next, 'new', idsOf(3))).toBe(1);
    expect(await next.currentFill(entityType)).toBe('new');
  });

  it('is resumed: the next process writes only the rows that are not replaced yet, and sweeps what is old', async () => {
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const [{ store: first }, { store: next }] = [await gateway(), await gateway(60_000, proxy.endpoint)];
    await fill(first, 'old', [...idsOf(6), 'gone']);
    let rows = 0;
    const broken = fill(first, 'new', idsOf(6), () =>
      (rows += 1) === 4 ? Promise.reject(new Error('ended')) : Promise.resolve(),
    );
    await expect(broken).rejects.toThrow('ended');
    await fill(next, 'new', idsOf(6));
    expect(proxy.calls.filter((method) => method === 'MutateRows')).toHaveLength(2);
    expect(await read(next, [...idsOf(6), 'gone'])).toEqual([
      ...idsOf(6).map(() => ['new', 'new', null]),
      [null, null, null],
    ]);
  });

  it('writes a row again in a resumed fill whose value is another one now', async () => {
    const { store } = await gateway();
    const fillWith = async (value: string, end: () => void) =>
      store.fill(entityType, {
        fingerprint: 'same',
        expectedFill: undefined,
        readWrites: async function* (source) {
          if (source.sql === null) return;
          yield computed(['e0'], value);
          end();
        },
      });
    await expect(
      fillWith('one', () => {
        throw new Error('ended');
      }),
    ).rejects.toThrow('ended');
    await fillWith('two', () => undefined);
    expect(await read(store, ['e0'])).toEqual([['two', 'two', null]]);
  });

  it('of an empty table deletes and sweeps nothing, and of a full one sweeps once a source', async () => {
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const { store } = await gateway(60_000, proxy.endpoint);
    const service = bigtableData();
    const sent = (method: string): any[] =>
      proxy.requests
        .filter((request) => request.method === method)
        .map(({ message }) => service[method]!.requestDeserialize(message));
    const sweeps = () =>
      sent('ReadRows').filter(({ rows, rowsLimit }) => rows.rowRanges?.length && rowsLimit === undefined);
    await fill(store, 'first', idsOf(3));
    const changes = sent('MutateRows').flatMap(({ entries }) => entries.flatMap(({ mutations }: any) => mutations));
    expect(new Set(changes.flatMap((change) => Object.keys(change)))).toEqual(new Set(['setCell']));
    expect(sweeps()).toHaveLength(0);
    await fill(store, 'second', idsOf(3));
    expect(sweeps()).toHaveLength(1);
  });

  it('tries only the rows again whose change failed', async () => {
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const { store } = await gateway(60_000, proxy.endpoint);
    const write = bigtableData().MutateRows!;
    const entries = [0, CODE.UNAVAILABLE, CODE.ABORTED].map((code, index) => ({ index, status: { code } }));
    // The answer of a server that did nothing of it: the first row is said to be done.
    proxy.fail('MutateRows', { kind: 'answered', message: write.responseSerialize({ entries }) });
    await store.fill(entityType, {
      fingerprint: 'these',
      expectedFill: undefined,
      readWrites: async function* (source) {
        if (source.sql !== null) yield computed(idsOf(3), 'x');
      },
    });
    expect(await read(store, idsOf(3))).toEqual([
      [null, null, null],
      ['x', 'x', null],
      ['x', 'x', null],
    ]);
  });

  it('writes at most as many rows a second as the settings say, and tells how many it wrote', async () => {
    const store = await openBigtable({ ...settings, fillRowsPerSecond: 100 }, { apiEndpoint: emulator.endpoint });
    onTestFinished(() => store.close());
    const seen: number[] = [];
    const start = performance.now();
    await store.fill(entityType, {
      fingerprint: 'these',
      expectedFill: undefined,
      onProgress: (entities) => seen.push(entities),
      readWrites: async function* (source) {
        if (source.sql === null) return;
        yield computed(idsOf(50), 'x');
        yield computed(idsOf(100).slice(50), 'x');
      },
    });
    // The second half waits until the first half's time is over.
    expect(performance.now() - start).toBeGreaterThanOrEqual(490);
    expect(seen).toEqual([50, 100]);
  });

  it('is taken over from a process that died when its lease is over, and not before', async () => {
    // A process that is gone: nothing of it reaches the table any more, and it gives nothing back.
    const proxy = await startFaultProxy(emulator.endpoint);
    const { store: dead } = await gateway(60_000, proxy.endpoint);
    const { store: next, clock } = await gateway();
    await fill(next, 'old', idsOf(3));
    const died = fill(dead, 'new', idsOf(3), () => {
      proxy.decide = () => ({ kind: 'refused', status: CODE.PERMISSION_DENIED });
      return Promise.resolve();
    });
    await expect(died).rejects.toThrow();
    expect(await next.currentFill(entityType)).toBeUndefined();
    let isDone = false;
    const taken = fill(next, 'new', idsOf(3)).finally(() => (isDone = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([isDone, await next.currentFill(entityType)]).toEqual([false, undefined]);
    clock.ahead = 61_000_000n;
    expect(await taken).toBe(1);
    expect(await read(next, idsOf(3))).toEqual(idsOf(3).map(() => ['new', 'new', null]));
    await proxy.stop();
  });

  it('ends what a process does that was not heard of for so long that another took over', async () => {
    const [slow, other] = [await gateway(), await gateway()];
    let times = 0;
    const filling = fill(slow.store, 'of the slow', idsOf(3), async () => {
      if ((times += 1) > 1) return;
      // As if the process had been stopped for longer than its lease.
      slow.clock.ahead = 61_000_000n;
      other.clock.ahead = 61_000_000n;
      expect(await fill(other.store, 'of the other', idsOf(3))).toBe(1);
    });
    // It notices before its next change; then, wanting other contents, it fills in its turn.
    expect(await filling).toBe(2);
    expect(times).toBe(1 + 3);
    expect(await other.store.currentFill(entityType)).toBe('of the slow');
    expect(await read(other.store, idsOf(3))).toEqual(idsOf(3).map(() => ['of the slow', 'of the slow', null]));
  });

  it('keeps its lease for as long as it takes', async () => {
    const leaseMs = 1200;
    const [{ store: slow }, { store: other }] = [await gateway(leaseMs), await gateway(leaseMs)];
    let waiting: Promise<number> | undefined;
    const fills = await fill(slow, 'these', idsOf(2), async () => {
      waiting ??= fill(other, 'these', idsOf(2));
      await new Promise((resolve) => setTimeout(resolve, leaseMs));
    });
    expect([fills, await waiting]).toEqual([1, 0]);
  });

  it('takes out what the new contents lack, of its sources only, however much that is', async () => {
    const { store } = await gateway();
    const entityIds = idsOf(1100);
    await store.write(entityType, [
      writeOf(entityType.sources[1]!, 'e1', { c: 'written' }),
      writeOf(entityType.sources[1]!, 'e2', { c: 'written' }),
      // A row that no filling brought, as of an earlier version of this program.
      ...computed(['stray'], 'old'),
    ]);
    await store.fill(entityType, {
      fingerprint: 'old',
      expectedFill: undefined,
      readWrites: async function* (source) {
        if (source.sql !== null) yield computed(entityIds, 'old');
      },
    });
    expect(await read(store, ['stray'])).toEqual([[null, null, null]]);
    await fill(store, 'new', ['e0', 'e1']);
    expect(await rowsOfTable()).toBe(3);
    expect(await read(store, ['e0', 'e1', 'e2', 'e3'])).toEqual([
      ['new', 'new', null],
      ['new', 'new', 'written'],
      [null, null, 'written'],
      [null, null, null],
    ]);
  });

  it('finds a row by whichever of many columns of its source it has', async () => {
    const features = Array.from({ length: 450 }, (_, index) => ({ name: `f${index}`, valueType: 'STRING' as const }));
    entityType = testEntityType({ name: `wide_${(made += 1)}`, sources: [{ sql: 'computed.sql', features }] });
    const { store } = await gateway();
    const [source] = entityType.sources;
    const only = testEntityType({ name: entityType.name, sources: [{ name: 'other', features: [features[449]!] }] });
    await store.write(only, [writeOf(only.sources[0]!, 'x', { f449: 'of another source, once' })]);
    await store.fill(entityType, {
      fingerprint: 'new',
      expectedFill: undefined,
      readWrites: async function* () {
        yield [writeOf(source!, 'y', { f0: 'new' })];
      },
    });
    const rows = await store.read({ entityType, entityIds: ['x', 'y'], features: entityType.features, now: NOW });
    expect(rows.map((row) => [row[0]!.value, row[449]!.value])).toEqual([
      [null, null],
      ['new', null],
    ]);
  });

  it('comes to its end though a third of the calls fail or lose their answers', async () => {
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const [{ store }, { store: direct }] = [await gateway(60_000, proxy.endpoint), await gateway()];
    await fill(direct, 'old', idsOf(30));
    let call = 0;
    proxy.decide = () => {
      call += 1;
      if (call % 3 !== 0) return undefined;
      return { kind: call % 2 === 0 ? 'refused' : 'answer lost', status: CODE.UNAVAILABLE };
    };
    await fill(store, 'new', idsOf(20));
    expect(await direct.currentFill(entityType)).toBe('new');
    expect(await read(direct, idsOf(30))).toEqual(
      idsOf(30).map((_, index) => (index < 20 ? ['new', 'new', null] : [null, null, null])),
    );
  });

  it('says to a gateway that serves, as a read does, that the table does not answer', async () => {
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const store = await openBigtable(settings, { apiEndpoint: proxy.endpoint, writeDeadlineMs: 500 });
    onTestFinished(() => store.close());
    proxy.decide = () => ({ kind: 'refused', status: CODE.UNAVAILABLE });
    await expect(store.currentFill(entityType, true)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  /** How many rows the table has of the entity type, as the table itself says. */
  async function rowsOfTable(): Promise<number> {
    const client = new Bigtable({ projectId: settings.project, apiEndpoint: emulator.endpoint, metricsEnabled: false });
    const prefix = rowKey(entityType, '').replace(/[^/]*\/$/, '');
    const [rows] = await client.instance(settings.instance).table(settings.table).getRows({ prefix });
    await client.close();
    return rows.length;
  }
});
