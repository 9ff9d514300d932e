import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openFeatureViewSyncs, type FeatureViewSyncOptions } from '../../../composition/feature-view-syncs.js';
import type { FeatureStores } from '../../../serving/feature-stores.js';
import { toSyncSpec } from '../../../ingestion/sync/sync-jobs.js';
import { LOCAL_SYNC, VERTEX_SYNC, type VertexSyncCheckpoint } from '../../../ingestion/sync/sync-job-types.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { newJobId } from '../../../jobs/new-job-id.js';
import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { LmdbOnlineStore } from '../../../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineWrite } from '../../../datasources/online/online-store.js';
import type { Registry } from '../../../datasources/registry/registry.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../../support/google/vertex-world.js';
import { jobRecord } from '../../support/job-record.js';
import { NOW, row, T } from '../../support/small-registry.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testRegistry, type StoresInput } from '../../support/test-registry.js';
import { until } from '../../support/until.js';

const VERTEX_LEFT = { kind: VERTEX_SYNC.kind, handler: VERTEX_SYNC.handler };

const registryOf = (stores: StoresInput = {}, features = ['letters_7d', 'orders_7d', 'visits_7d']): Registry =>
  testRegistry({
    ...stores,
    name: 'shop',
    entityTypes: [
      {
        name: 'customer',
        sources: ['orders', 'visits', 'letters'].map((name) => ({
          name,
          features: [{ name: `${name}_7d`, valueType: 'INT64' as const }],
        })),
      },
    ],
    featureViews: [{ name: 'all', entityType: 'customer', features }],
  });

let folder: string;
let now: bigint;
beforeEach(() => {
  folder = temporaryFolder();
  now = NOW;
});

/** A process with the folder of the one before, whose jobs it takes up. */
async function openProcess(
  registry: Registry,
  stores: FeatureStores,
  options: Pick<FeatureViewSyncOptions, 'vertexClient'> = {},
) {
  const pollMs = { first: 5, longest: 20 };
  const opened = openFeatureViewSyncs({
    registry,
    stores,
    fillOwner: async () => 'THIS_GATEWAY',
    clock: () => now,
    onUnanswered: () => undefined,
    pollMs,
    ...options,
  });
  const engine = new JobEngine({
    store: new LmdbJobStore(folder),
    handlers: opened.handlers,
    clock: () => now,
    newId: newJobId,
    maxRunning: 2,
    onError: () => undefined,
  });
  const syncs = opened.createSyncs(engine);
  await engine.resume();
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await engine.stop();
    await opened.close();
  };
  onTestFinished(stop);
  return { engine, syncs, stop };
}

async function openStores(registry: Registry) {
  const data = temporaryFolder();
  const { sources } = registry.featurestore('shop').entityTypes[0]!;
  const offline = await DuckDbOfflineStore.open(await DuckDbDatabase.open(`${data}/offline`), sources);
  const online = new LmdbOnlineStore(`${data}/online`);
  onTestFinished(async () => {
    await online.close();
    await offline.close();
  });
  return { offline, online };
}

async function endOf(engine: JobEngine, id: string): Promise<JobRecord> {
  let last: JobRecord | undefined;
  for await (const record of (await engine.follow(id))!) last = record;
  return last!;
}

it('a sync that its process left goes on with the first source that is not whole, as of its own begin', async () => {
  const registry = registryOf();
  const [view] = registry.featurestore('shop').featureViews;
  const { entityType } = view!;
  const { offline, online } = await openStores(registry);
  for (const source of entityType.sources) {
    await offline.append(source, [
      row('ann', -1, { [`${source.name}_7d`]: 1n }),
      row('ann', 5, { [`${source.name}_7d`]: 2n }),
    ]);
  }
  const written: string[] = [];
  let isHeld = true;
  const held: FeatureStores = {
    offline: () => offline,
    online: () =>
      Object.assign(Object.create(online) as LmdbOnlineStore, {
        read: (read: Parameters<LmdbOnlineStore['read']>[0]) => online.read(read),
        write: async (_: unknown, writes: readonly OnlineWrite[]) => {
          const { name } = writes[0]!.source;
          written.push(name);
          if (isHeld && name === 'visits') await until(() => !isHeld);
          await online.write(entityType, writes);
        },
      }),
  };
  const first = await openProcess(registry, held);
  const origin = { createdBy: null, idempotencyKey: 'nightly' };
  const { id } = await first.syncs.start({ view: view!, labels: {}, trigger: 'REQUEST', ...origin });
  await until(() => written.includes('visits'));
  const stopped = first.stop();
  isHeld = false;
  await stopped;
  expect(written).toEqual(['orders', 'visits']);

  now += 60_000_000n;
  const second = await openProcess(registry, held);
  expect((await second.syncs.start({ view: view!, labels: {}, trigger: 'REQUEST', ...origin })).id).toBe(id);
  const job = await endOf(second.engine, id);
  expect(job).toMatchObject({ state: 'SUCCEEDED', result: { rows: 3n, dataWatermark: NOW } });
  expect(written).toEqual(['orders', 'visits', 'visits', 'letters']);
  const { features } = entityType;
  // None of the rows that came true while the process was away: of those not all are online, so none is said to be.
  expect(await online.read({ entityType, entityIds: ['ann'], features, now })).toEqual([
    features.map(() => ({ status: 'PRESENT', value: 1n, timestamp: T(-1) })),
  ]);
});

it.each([
  ['is taken for its own, and no second is begun', true, 0],
  ['that was not begun is begun', false, 1],
])('a run of Vertex AI that a process may have begun before it ended %s', async (_name, isBegun, calls) => {
  const world: VertexWorld = await startVertexWorld();
  onTestFinished(() => world.server.stop());
  const onlineStore = { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving' } as const;
  const registry = registryOf({ onlineStore });
  const [view] = registry.featurestore('shop').featureViews;
  const testView = world.views.addView('serving', 'customer', { features: {} });
  if (isBegun) world.views.addSync(testView, { start: NOW, end: null, rows: 0 });
  const store = new LmdbJobStore(folder);
  const checkpoint = { before: '1', run: null };
  const left = { ...VERTEX_LEFT, state: 'PENDING', startedAt: NOW } as const;
  await store.create(jobRecord({ id: 'left', ...left, spec: toSyncSpec(view!, 'REQUEST'), checkpoint }));
  await store.close();
  const { engine } = await openProcess(registry, {} as FeatureStores, { vertexClient: world.server.clientOptions });
  await until(async () => (await engine.get('left'))?.state === 'RUNNING');
  expect(testView.syncs).toHaveLength(2);
  expect(world.server.callsOf('SyncFeatureView')).toHaveLength(calls);
  world.views.endSync(testView.syncs[0], { end: NOW + 1n, rows: 3 });
  expect(await endOf(engine, 'left')).toMatchObject({ state: 'SUCCEEDED', result: { rows: 3n } });
  expect(world.server.callsOf('SyncFeatureView')).toHaveLength(calls);
});

describe('a job for Vertex AI that was cancelled, and whose process ended then', () => {
  const takeUp = async (checkpoint: VertexSyncCheckpoint | null, isBegun: boolean) => {
    const world: VertexWorld = await startVertexWorld();
    onTestFinished(() => world.server.stop());
    const onlineStore = { kind: 'VERTEX_FEATURE_VIEW', ...PLACE, featureOnlineStore: 'serving' } as const;
    const registry = registryOf({ onlineStore });
    const [view] = registry.featurestore('shop').featureViews;
    const testView = world.views.addView('serving', 'customer', { features: {} });
    if (isBegun) world.views.addSync(testView, { start: NOW, end: NOW + 1n, rows: 3 });
    const store = new LmdbJobStore(folder);
    const left = { ...VERTEX_LEFT, state: 'CANCELLING', startedAt: NOW } as const;
    await store.create(jobRecord({ id: 'left', ...left, spec: toSyncSpec(view!, 'REQUEST'), checkpoint }));
    await store.close();
    const { engine } = await openProcess(registry, {} as FeatureStores, { vertexClient: world.server.clientOptions });
    return { job: await endOf(engine, 'left'), server: world.server };
  };

  it('before it began asks nothing of Vertex AI, and begins no run', async () => {
    const { job, server } = await takeUp(null, false);
    expect(job).toMatchObject({ state: 'CANCELLED', checkpoint: null });
    // Looking for a run, it would take one that a schedule begins meanwhile for its own.
    expect(server.calls).toEqual([]);
  });

  it.each([
    ['ends as the run that it began', true, { state: 'SUCCEEDED', result: { rows: 3n } }],
    ['is cancelled when it had not begun its run', false, { state: 'CANCELLED' }],
  ])('when it was about to begin %s', async (_name, isBegun, end) => {
    const { job, server } = await takeUp({ before: '1', run: null }, isBegun);
    expect(job).toMatchObject(end);
    expect(server.callsOf('SyncFeatureView')).toEqual([]);
  });
});

const BIGTABLE = { kind: 'BIGTABLE', project: 'p', instance: 'i', table: 't' } as const;

it.each([
  ['of another kind', registryOf()],
  ['with another table', registryOf({ onlineStore: { ...BIGTABLE, table: 'new' } })],
  ['for a view with other features', registryOf({ onlineStore: BIGTABLE }, ['orders_7d'])],
])('a sync that is taken up with a store %s fails, and skips and writes nothing', async (_name, changed) => {
  const [view] = registryOf({ onlineStore: BIGTABLE }).featurestore('shop').featureViews;
  const store = new LmdbJobStore(folder);
  const left = { kind: LOCAL_SYNC.kind, handler: LOCAL_SYNC.handler, state: 'RUNNING', startedAt: NOW } as const;
  const checkpoint = { sources: ['orders', 'visits'], rows: 2n };
  await store.create(jobRecord({ id: 'left', ...left, spec: toSyncSpec(view!, 'REQUEST'), checkpoint }));
  await store.close();
  const { engine } = await openProcess(changed, {} as FeatureStores);
  expect(await endOf(engine, 'left')).toMatchObject({ state: 'FAILED', error: { code: 'STORE_CHANGED' } });
});

it('what was synced before the view had its features says nothing of what it serves', async () => {
  const { offline, online } = await openStores(registryOf());
  const stores: FeatureStores = { offline: () => offline, online: () => online };
  const origin = { labels: {}, trigger: 'REQUEST', createdBy: null, idempotencyKey: null } as const;
  const [narrow] = registryOf({}, ['orders_7d']).featurestore('shop').featureViews;
  const first = await openProcess(registryOf({}, ['orders_7d']), stores);
  const { id } = await first.syncs.start({ view: narrow!, ...origin });
  expect((await endOf(first.engine, id)).state).toBe('SUCCEEDED');
  expect(await first.syncs.dataWatermark(narrow!)).toBe(NOW);
  await first.stop();
  const [wide] = registryOf().featurestore('shop').featureViews;
  const { syncs } = await openProcess(registryOf(), stores);
  expect(await syncs.dataWatermark(wide!)).toBeNull();
  expect(await syncs.list(wide!, { before: null, limit: 9 })).toEqual([]);
  expect(await syncs.dataWatermark(narrow!)).toBe(NOW);
});
