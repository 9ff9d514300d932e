import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { VertexSyncsClient } from '../../../ingestion/sync/vertex-syncs-client.js';
import { VertexClients } from '../../../datasources/google/vertex/vertex-clients.js';
import type { TestView } from '../../support/google/vertex/feature-views.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../../support/google/vertex-world.js';
import { bigQuerySettings, openTestStore, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { waitForJobEnd, estimateSync, startSync, syncJob } from '../../support/syncs.js';
import { row, smallRegistry } from '../../support/small-registry.js';
import { testRegistry } from '../../support/test-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { until } from '../../support/until.js';

const SECOND = 1_000_000n;
const ONLINE_STORE = {
  kind: 'VERTEX_FEATURE_VIEW',
  ...PLACE,
  featureOnlineStore: 'serving',
  views: { customer: 'customer_v2' },
} as const;
const SHOP = {
  name: 'shop',
  onlineStore: ONLINE_STORE,
  entityTypes: [{ name: 'customer', sources: [{ features: [{ name: 'orders_7d', valueType: 'INT64' }] }] }],
  featureViews: [{ name: 'basket', entityType: 'customer', features: ['orders_7d'], schedule: '0 * * * *' }],
} satisfies Parameters<typeof testRegistry>[0];
const REGISTRY = testRegistry(SHOP);
const NONE = { features: { orders_7d: 'INT64' }, syncedAt: null } as const;

let world: VertexWorld;
let view: TestView;
let now: bigint;
beforeEach(async () => {
  now = NOW;
  world = await startVertexWorld();
});
afterEach(() => world.server.stop());

describe('a client of the runs of a view', () => {
  let clients: VertexClients;
  let syncs: VertexSyncsClient;
  beforeEach(() => {
    clients = new VertexClients(PLACE.location, world.server.clientOptions);
    syncs = new VertexSyncsClient(clients, PLACE, 'serving');
    view = world.views.addView('serving', 'v', { features: { a: 'STRING' } });
  });
  afterEach(() => clients.close());

  it('begins one, and finds it under an id of its own', async () => {
    const run = await syncs.startSync('v', '1');
    expect(run).toMatchObject({ id: '2', state: 'RUNNING', createTime: NOW, endTime: null, rowsSynced: null });
    expect(await syncs.get('v', '2')).toEqual(run);
  });

  it('lists them newest first, with what they brought and cost, and why they failed', async () => {
    world.views.addSync(view, { start: NOW - 20n, end: NOW - 10n, rows: 42 });
    world.views.addSync(view, { start: NOW - 9n, end: NOW - 8n, rows: 0, code: 7 });
    const runs = await syncs.list('v', 2);
    expect(runs.map(({ state, rowsSynced, slotMillis, error }) => [state, rowsSynced, slotMillis, error])).toEqual([
      ['FAILED', 0n, 1234n, 'the sync failed'],
      ['SUCCEEDED', 42n, 1234n, null],
    ]);
  });

  it.each([
    ['whose answer was lost, once', 'loseAnswer'],
    ['that was not begun, again', 'refuse'],
  ] as const)('begins one %s', async (_name, kind) => {
    world.server.faults.add('SyncFeatureView', { kind, code: 'UNAVAILABLE' });
    expect(await syncs.startSync('v', '1')).toMatchObject({ id: '2', state: 'RUNNING' });
    expect(view.syncs).toHaveLength(2);
  });

  it('begins none where they are continuous', async () => {
    world.views.addView('serving', 'always', { ...NONE, resource: { syncConfig: { continuous: true } } });
    expect([await syncs.isContinuous('v'), await syncs.isContinuous('always')]).toEqual([false, true]);
    await expect(syncs.startSync('always', null)).rejects.toMatchObject({ code: 9 });
  });
});

describe('the syncs of a view that Vertex AI serves', () => {
  /** As a job that a process left: it is gone whenever a test says. */
  const begin = async (onUnanswered: (error: unknown) => void = () => undefined): Promise<TestGateway> => {
    const gateway = await startTestGateway(REGISTRY, {
      clock: () => now,
      syncs: { vertexClient: world.server.clientOptions, pollMs: { first: 5, longest: 20 }, onUnanswered },
    });
    onTestFinished(() => gateway.close());
    return gateway;
  };
  beforeEach(() => {
    view = world.views.addView('serving', 'customer_v2', NONE);
  });

  const end = (run: any, rows = 7, code = 0) => world.views.endSync(run, { end: now, rows, code });
  const VIEW = `{ featurestore(name: "shop") { featureViews { freshnessSeconds lastSync { id state }
    syncs { nodes { id state createdAt startedAt endedAt error { code message } ... on FeatureViewSyncJob {
      trigger rowsSynced dataWatermark slotMilliseconds } } } } } }`;
  const look = async (gateway: TestGateway) => {
    const { data, errors } = await gateway.ask(VIEW);
    expect(errors).toBeUndefined();
    return data.featurestore.featureViews[0];
  };
  const begun = () => world.server.callsOf('SyncFeatureView').length;

  it('are begun there, looked at until they end, and told as jobs', async () => {
    const gateway = await begin();
    const { data, errors } = await estimateSync(gateway);
    expect({ data, errors }).toEqual({ data: { estimateFeatureViewSync: null }, errors: undefined });
    expect(begun()).toBe(0);
    const { job, userErrors } = await startSync(gateway);
    expect(userErrors).toEqual([]);
    expect(job.estimatedCost).toBeNull();
    await until(async () => (await syncJob(gateway, job.id)).state === 'RUNNING');
    now += 30n * SECOND;
    end(view.syncs[0], 42);
    expect(await waitForJobEnd(gateway, job.id)).toMatchObject({
      state: 'SUCCEEDED',
      trigger: 'REQUEST',
      rowsSynced: '42',
      slotMilliseconds: '1234',
      dataWatermark: '2001-09-09T01:46:40Z',
      progress: { completed: '42', failed: '0', total: '42' },
    });
    now += 20n * SECOND;
    const { freshnessSeconds, syncs } = await look(gateway);
    expect(freshnessSeconds).toBe(50);
    expect(syncs.nodes).toHaveLength(1);
  });

  it('are begun once when the answer is lost, and belong to no other job meanwhile', async () => {
    const gateway = await begin();
    world.server.faults.add('SyncFeatureView', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    const { job } = await startSync(gateway);
    await until(() => view.syncs.length === 1);
    // Vertex AI lists a run of which the job does not know yet.
    expect((await look(gateway)).syncs.nodes).toMatchObject([{ id: job.id, trigger: 'REQUEST' }]);
    end(view.syncs[0]);
    expect((await waitForJobEnd(gateway, job.id)).state).toBe('SUCCEEDED');
    now += 11n * SECOND;
    expect((await look(gateway)).syncs.nodes).toMatchObject([{ id: job.id }]);
    expect([begun(), view.syncs.length]).toEqual([1, 1]);
  });

  it('that began there become jobs of their own time, once, and are watched while they run', async () => {
    world.views.addSync(view, { start: NOW - 60n * SECOND, end: NOW - 50n * SECOND, rows: 5 });
    world.views.addSync(view, { start: NOW - 40n * SECOND, end: NOW - 30n * SECOND, rows: 0, code: 7 });
    const running = world.views.addSync(view, { start: NOW - 20n * SECOND, end: null, rows: 0 });
    const gateway = await begin();
    const looks = await Promise.all([look(gateway), look(gateway), look(gateway)]);
    const { syncs, lastSync, freshnessSeconds } = looks[0];
    expect(syncs.nodes.map(({ state, trigger }: any) => [state, trigger])).toEqual([
      ['RUNNING', 'EXTERNAL'],
      ['FAILED', 'EXTERNAL'],
      ['SUCCEEDED', 'EXTERNAL'],
    ]);
    expect(syncs.nodes[1].error.code).toBe('VERTEX_FAILED');
    expect(syncs.nodes[2]).toMatchObject({
      createdAt: '2001-09-09T01:45:40Z',
      startedAt: '2001-09-09T01:45:40Z',
      endedAt: '2001-09-09T01:45:50Z',
      rowsSynced: '5',
      dataWatermark: '2001-09-09T01:45:40Z',
    });
    expect(freshnessSeconds).toBe(60);
    expect(lastSync.id).toBe(syncs.nodes[0].id);
    end(running, 9);
    expect(await waitForJobEnd(gateway, lastSync.id)).toMatchObject({ state: 'SUCCEEDED', rowsSynced: '9' });
    now += 11n * SECOND;
    expect((await look(gateway)).syncs.nodes.map(({ id }: any) => id)).toEqual(syncs.nodes.map(({ id }: any) => id));
    expect(begun()).toBe(0);
  });

  it('are asked of Vertex AI once in ten seconds, however many want to know', async () => {
    const gateway = await begin();
    world.server.calls.length = 0;
    await Promise.all([look(gateway), look(gateway)]);
    expect(world.server.callsOf('ListFeatureViewSyncs')).toHaveLength(1);
    now += 11n * SECOND;
    await look(gateway);
    expect(world.server.callsOf('ListFeatureViewSyncs')).toHaveLength(2);
  });

  it('that failed say so, and not why in the words of Vertex AI', async () => {
    const gateway = await begin();
    const { job } = await startSync(gateway);
    await until(() => view.syncs.length === 1);
    end(view.syncs[0], 0, 7);
    expect(await waitForJobEnd(gateway, job.id)).toMatchObject({ state: 'FAILED', error: { code: 'VERTEX_FAILED' } });
    expect(JSON.stringify(await syncJob(gateway, job.id))).not.toContain('the sync failed');
    expect((await look(gateway)).freshnessSeconds).toBeNull();
  });

  it('cannot be cancelled once they are begun: they end as they would have', async () => {
    const gateway = await begin();
    const { job } = await startSync(gateway);
    await until(async () => (await syncJob(gateway, job.id)).state === 'RUNNING');
    const cancel = 'mutation ($id: ID!) { cancelJob(input: { id: $id }) { job { state } userErrors { message } } }';
    expect((await gateway.ask(cancel, { id: job.id })).data.cancelJob.job.state).toBe('CANCELLING');
    expect((await syncJob(gateway, job.id)).state).toBe('CANCELLING');
    end(view.syncs[0]);
    expect((await waitForJobEnd(gateway, job.id)).state).toBe('SUCCEEDED');
  });

  it('of a continuous view are as fresh as it says, and none is started', async () => {
    view.resource.syncConfig = { continuous: true };
    const run = world.views.addSync(view, { start: NOW - 1000n * SECOND, end: null, rows: 0 });
    run.syncSummary = { systemWatermarkTime: { seconds: String(NOW / SECOND - 3n), nanos: 500_000_000 } };
    const gateway = await begin();
    expect((await look(gateway)).freshnessSeconds).toBe(2.5);
    const { job, userErrors } = await startSync(gateway);
    expect(job).toBeNull();
    expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'featureView'] }]);
    expect(begun()).toBe(0);
  });

  it('keep to no limit in dollars where their cost is not known', async () => {
    const { job, userErrors } = await startSync(await begin(), { maxCostUsd: 1 });
    expect([job, userErrors]).toMatchObject([null, [{ code: 'BAD_USER_INPUT', field: ['input', 'maxCostUsd'] }]]);
  });

  it.each(['PERMISSION_DENIED', 'UNAVAILABLE'] as const)(
    'are those kept here while Vertex AI answers %s, for a reason that is told once',
    async (code) => {
      const run = world.views.addSync(view, { start: NOW - 60n * SECOND, end: NOW - 50n * SECOND, rows: 5 });
      const unanswered: unknown[] = [];
      const gateway = await begin((error) => unanswered.push(error));
      const refuse = () => world.server.faults.add('ListFeatureViewSyncs', { kind: 'refuse', code }, 100);
      refuse();
      // Nothing is known yet, and all else of the featurestore is.
      expect(await look(gateway)).toEqual({ freshnessSeconds: null, lastSync: null, syncs: { nodes: [] } });
      world.server.calls.length = 0;
      await look(gateway);
      expect(world.server.callsOf('ListFeatureViewSyncs')).toEqual([]);
      now += 11n * SECOND;
      await look(gateway);
      expect(unanswered).toMatchObject([{ code: code === 'UNAVAILABLE' ? 14 : 7 }]);

      world.server.faults.clear();
      now += 11n * SECOND;
      const { syncs, lastSync } = await look(gateway);
      expect(syncs.nodes).toMatchObject([{ state: 'SUCCEEDED', rowsSynced: '5' }]);

      refuse();
      now += 11n * SECOND;
      expect(await look(gateway)).toMatchObject({ syncs, lastSync, freshnessSeconds: 93 });
      expect(unanswered).toHaveLength(2);
      expect(view.syncs).toEqual([run]);
    },
  );

  it('are those kept here when Vertex AI never answers', async () => {
    const unanswered: unknown[] = [];
    const gateway = await begin((error) => unanswered.push(error));
    world.server.faults.add('ListFeatureViewSyncs', { kind: 'hang' }, 100);
    expect(await look(gateway)).toEqual({ freshnessSeconds: null, lastSync: null, syncs: { nodes: [] } });
    expect(unanswered).toHaveLength(1);
  });
});

describeWithGoogleSql('a sync by Vertex AI of tables that the registry names', () => {
  it('is estimated by what they are, and kept to a limit in dollars', async () => {
    const bigQuery = await startBigQuery(() => NOW);
    onTestFinished(() => bigQuery.stop());
    const registry = testRegistry({ ...SHOP, offlineStore: bigQuerySettings() });
    const { entityType } = registry.featurestore('shop').featureViews[0]!;
    const offline = await openTestStore(bigQuery, entityType);
    await offline.append(entityType.sources[0]!, [row('ann', -1, { orders_7d: 1n })]);
    view = world.views.addView('serving', 'customer_v2', NONE);
    const gateway = await startTestGateway(registry, {
      syncs: { vertexClient: world.server.clientOptions },
      wrap: (stores) => ({ online: (featurestore) => stores.online(featurestore), offline: () => offline }),
    });
    onTestFinished(() => gateway.close());
    const { userErrors } = await startSync(gateway, { maxCostUsd: 0 });
    expect(userErrors).toMatchObject([{ code: 'COST_OVER_LIMIT' }]);
    expect(view.syncs).toEqual([]);
    const { job } = await startSync(gateway, { maxCostUsd: 1 });
    expect(job.estimatedCost.priceBook.name).toBe('google-us-central1');
    expect(job.estimatedCost.total.amount).toBeGreaterThan(0);
  });
});

it('a legacy featurestore is not filled by syncs', async () => {
  const onlineStore = { kind: 'VERTEX_LEGACY', ...PLACE, featurestore: 'old_shop' } as const;
  const gateway = await startTestGateway(smallRegistry({ onlineStore }));
  onTestFinished(() => gateway.close());
  const { job, userErrors } = await startSync(gateway);
  expect(job).toBeNull();
  expect(userErrors).toMatchObject([
    { code: 'BAD_USER_INPUT', message: expect.stringContaining('imports and writes') },
  ]);
});
