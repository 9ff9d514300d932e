import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FeatureStores } from '../../../serving/feature-stores.js';
import type { OnlineStore } from '../../../datasources/online/online-store.js';
import { AppError } from '../../../errors/app-error.js';
import { NOW, NOW_TEXT, row, smallRegistry, findSource, T } from '../../support/small-registry.js';
import { webSocketClient } from '../../support/stream-clients.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/test-gateway.js';
import { waitForJobEnd, estimateSync, startSync, SYNC } from '../../support/syncs.js';
import { until } from '../../support/until.js';

let gateway: TestGateway;
const begin = async (options: TestGatewayOptions = {}) => (gateway = await startTestGateway(smallRegistry(), options));
afterEach(async () => {
  await gateway.close();
});

/** Into the history alone: nothing of it is online. */
const append = (index: number, rows: Parameters<TestGateway['write']>[1], entityType = 'customer') => {
  const source = findSource(gateway, 'shop', entityType, index);
  return gateway.services.stores.offline(source.entityType.featurestore).append(source, rows);
};

const valuesOf = async (...entityIds: string[]) => {
  const { data } = await gateway.ask(
    `query ($ids: [ID!]!) { entities(featurestore: "shop", entityType: "customer", entityIds: $ids) {
      features(names: ["orders_7d", "mean_basket", "city", "born"]) { value status } } }`,
    { ids: entityIds },
  );
  return data.entities.map(({ features }: any) =>
    features.map(({ value, status }: any) => (status === 'PRESENT' ? value : status)),
  );
};

const VIEW = `{ featurestore(name: "shop") { featureViews { name freshnessSeconds
  lastSync { __typename id state } syncs { nodes { id ... on FeatureViewSyncJob { trigger } } } } } }`;
const view = async () => (await gateway.ask(VIEW)).data.featurestore.featureViews[0];

/** Stands before the online store: `write` is what a test makes of its writes. */
const writing =
  (write: (store: OnlineStore, ...args: Parameters<OnlineStore['write']>) => Promise<void>) =>
  (stores: FeatureStores): FeatureStores => ({
    offline: (featurestore) => stores.offline(featurestore),
    online: (featurestore) => {
      const store = stores.online(featurestore);
      return new Proxy(store, {
        get: (target, name, receiver): unknown =>
          name === 'write'
            ? (...args: Parameters<OnlineStore['write']>) => write(target, ...args)
            : Reflect.get(target, name, receiver),
      });
    },
  });

describe('syncFeatureView', () => {
  it('brings the newest values of the view’s features online, and nothing of others or of the future', async () => {
    await begin();
    await append(0, [
      row('ann', -20, { orders_7d: 1n, mean_basket: 10.5, city: 'Bern' }),
      row('ann', -10, { orders_7d: 2n }),
      row('ann', 5, { orders_7d: 9n }),
      row('bob', -5, { orders_7d: 3n }),
      row('eve', 1, { orders_7d: 4n }),
    ]);
    await append(1, [{ ...row('ann', 0, { born: T(-1e9) }), timestamp: null }]);
    expect(await valuesOf('ann')).toEqual([['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']]);

    const { data } = await estimateSync(gateway);
    expect(data.estimateFeatureViewSync).toMatchObject({ total: { amount: 0 }, priceBook: { name: 'this-machine' } });
    const { job, userErrors } = await startSync(gateway);
    expect(userErrors).toEqual([]);
    expect(job).toMatchObject({ kind: 'FEATURE_VIEW_SYNC', featureView: { name: 'basket' }, trigger: 'REQUEST' });
    expect(await waitForJobEnd(gateway, job.id)).toMatchObject({
      state: 'SUCCEEDED',
      rowsSynced: '2',
      dataWatermark: NOW_TEXT,
      slotMilliseconds: null,
      estimatedCost: { total: { amount: 0 } },
      progress: { completed: '2', failed: '0', total: '2' },
    });
    expect(await valuesOf('ann', 'bob', 'eve')).toEqual([
      ['2', 10.5, 'NOT_FOUND', 'NOT_FOUND'],
      ['3', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
      ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
    ]);
  });

  it('leaves what is newer online, and may be repeated', async () => {
    await begin();
    await gateway.write(findSource(gateway, 'shop', 'customer'), [row('ann', -1, { orders_7d: 7n })]);
    const { entityType } = findSource(gateway, 'shop', 'customer');
    const source = entityType.sources[0]!;
    const version = { timestamp: T(0), createdTimestamp: null, sequence: null };
    const newer = { entityId: 'ann', source, version, values: new Map([['orders_7d', 8n]]) };
    await gateway.services.stores.online(entityType.featurestore).write(entityType, [newer]);
    for (let times = 0; times < 2; times += 1) {
      const { job } = await startSync(gateway);
      expect((await waitForJobEnd(gateway, job.id)).state).toBe('SUCCEEDED');
      expect((await valuesOf('ann'))[0][0]).toBe('8');
    }
  });

  it('starts once for an idempotency key', async () => {
    await begin();
    const [one, again] = await Promise.all([
      startSync(gateway, { idempotencyKey: 'monday' }),
      startSync(gateway, { idempotencyKey: 'monday' }),
    ]);
    expect(again.job.id).toBe(one.job.id);
    await waitForJobEnd(gateway, one.job.id);
    expect((await view()).syncs.nodes).toEqual([{ id: one.job.id, trigger: 'REQUEST' }]);
    const { job, userErrors } = await startSync(gateway, { idempotencyKey: 'monday', labels: { other: 'yes' } });
    expect([job, userErrors]).toMatchObject([null, [{ code: 'BAD_USER_INPUT', field: ['input', 'idempotencyKey'] }]]);
  });

  it.each([
    [{ featurestore: 'nothing' }, 'FEATURESTORE_NOT_FOUND', 'featurestore'],
    [{ featureView: 'nothing' }, 'FEATURE_VIEW_NOT_FOUND', 'featureView'],
    [{ labels: { a: 1 } }, 'BAD_USER_INPUT', 'labels'],
  ])('says what is wrong with %j', async (input, code, field) => {
    await begin();
    const { job, userErrors } = await startSync(gateway, input);
    expect(job).toBeNull();
    expect(userErrors).toMatchObject([{ code, field: expect.arrayContaining(['input', field]) }]);
  });

  it('is told while it goes on, to a client that follows the job', async () => {
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    let batches = 0;
    await begin({
      wrap: writing(async (store, ...args) => {
        if ((batches += 1) > 1) await gate;
        return store.write(...args);
      }),
    });
    // More than a batch, so that there is something to see in between.
    await append(
      0,
      Array.from({ length: 3000 }, (_, index) => row(`c${index}`, -5, { orders_7d: 1n, mean_basket: 2 })),
    );
    const { job } = await startSync(gateway);
    const client = webSocketClient(gateway.url);
    const { results } = await client.follow(
      {
        query: `subscription ($id: ID!) { jobProgress(id: $id) { state progress { completed total } } }`,
        variables: { id: job.id },
      },
      ({ data }) => data.jobProgress.progress.completed !== '0' && goOn(),
    );
    client.close();
    const seen = results.map(({ data }) => data.jobProgress);
    expect(seen.some(({ state, progress }) => state === 'RUNNING' && progress.completed !== '0')).toBe(true);
    expect(seen.at(-1)).toEqual({ state: 'SUCCEEDED', progress: { completed: '3000', total: '3000' } });
  });

  it('ends as CANCELLED between two batches, and keeps what it has written', async () => {
    let cancelled = (): void => undefined;
    const gate = new Promise<void>((resolve) => (cancelled = resolve));
    let batches = 0;
    await begin({
      wrap: writing(async (store, ...args) => {
        await store.write(...args);
        if ((batches += 1) === 1) await gate;
      }),
    });
    await append(
      0,
      Array.from({ length: 5000 }, (_, index) => row(`c${index}`, -5, { orders_7d: 1n })),
    );
    const { job } = await startSync(gateway);
    await until(() => batches === 1);
    const { data } = await gateway.ask(
      'mutation ($id: ID!) { cancelJob(input: { id: $id }) { job { state } userErrors { message } } }',
      { id: job.id },
    );
    expect(data.cancelJob).toEqual({ job: { state: 'CANCELLING' }, userErrors: [] });
    cancelled();
    const ended = await waitForJobEnd(gateway, job.id);
    expect(ended).toMatchObject({ state: 'CANCELLED', dataWatermark: null });
    expect(batches).toBe(1);
    expect(await view()).toMatchObject({ freshnessSeconds: null, lastSync: { state: 'CANCELLED' } });
  });

  it('outlasts an online store that does not answer for a moment', async () => {
    let failures = 2;
    await begin({
      wrap: writing(async (store, ...args) => {
        if ((failures -= 1) >= 0)
          throw new AppError('STORE_UNAVAILABLE', 'The online store did not answer. Try again.');
        return store.write(...args);
      }),
    });
    await append(0, [row('ann', -10, { orders_7d: 2n })]);
    const { job } = await startSync(gateway);
    expect((await waitForJobEnd(gateway, job.id)).state).toBe('SUCCEEDED');
    expect((await valuesOf('ann'))[0][0]).toBe('2');
  });

  it('fails clearly with a store that refuses, and loses nothing when it is started again', async () => {
    let isBroken = true;
    await begin({
      wrap: writing(async (store, ...args) => {
        if (isBroken) throw new Error('permission denied on projects/secret');
        return store.write(...args);
      }),
    });
    await append(0, [row('ann', -10, { orders_7d: 2n })]);
    const failed = await waitForJobEnd(gateway, (await startSync(gateway)).job.id);
    expect(failed).toMatchObject({ state: 'FAILED', error: { code: 'INTERNAL' }, dataWatermark: null });
    expect(JSON.stringify(failed)).not.toContain('secret');
    isBroken = false;
    expect((await waitForJobEnd(gateway, (await startSync(gateway)).job.id)).state).toBe('SUCCEEDED');
    expect((await valuesOf('ann'))[0][0]).toBe('2');
  });
});

describe('the syncs of a feature view', () => {
  it('are none at first, then the newest first, page by page, and tell how fresh the view is', async () => {
    let now = NOW;
    await begin({ clock: () => now });
    expect(await view()).toEqual({ name: 'basket', freshnessSeconds: null, lastSync: null, syncs: { nodes: [] } });
    const ids: string[] = [];
    for (let times = 0; times < 3; times += 1) {
      now += 10_000_000n;
      const { job } = await startSync(gateway);
      ids.unshift(job.id);
      await waitForJobEnd(gateway, job.id);
    }
    now += 2_500_000n;
    const { freshnessSeconds, lastSync } = await view();
    expect(freshnessSeconds).toBe(2.5);
    expect(lastSync).toEqual({ __typename: 'FeatureViewSyncJob', id: ids[0], state: 'SUCCEEDED' });
    const pages = `query ($after: String) { featurestore(name: "shop") { featureViews {
      syncs(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }`;
    const page = async (after: string | null) =>
      (await gateway.ask(pages, { after })).data.featurestore.featureViews[0].syncs;
    const first = await page(null);
    expect(first.nodes.map(({ id }: any) => id)).toEqual(ids.slice(0, 2));
    const second = await page(first.pageInfo.endCursor);
    expect(second).toMatchObject({ nodes: [{ id: ids[2] }], pageInfo: { hasNextPage: false } });
    const other = await gateway.ask('query ($after: String) { jobs(after: $after) { nodes { id } } }', {
      after: first.pageInfo.endCursor,
    });
    expect(other.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'after' } }]);
  });

  it('are among all jobs, by kind and by id', async () => {
    await begin();
    const { job } = await startSync(gateway, { labels: { team: 'sales' } });
    await waitForJobEnd(gateway, job.id);
    const { data } = await gateway.ask(
      `query ($id: ID!) { jobs(filter: { kinds: [FEATURE_VIEW_SYNC], labels: { team: "sales" } }) { nodes { id ...sync } }
        node(id: $id) { id ...sync } }
      fragment sync on FeatureViewSyncJob { featureView { id } }`,
      { id: job.id },
    );
    const sync = { id: job.id, featureView: { id: 'featurestores/shop/featureViews/basket' } };
    expect(data).toEqual({ jobs: { nodes: [sync] }, node: sync });
    expect(SYNC).toContain('syncFeatureView');
  });
});

describe('what a sync costs', () => {
  it('is nothing on this machine, whatever the limit', async () => {
    await begin();
    vi.spyOn(gateway.services.costs.guard, 'admit');
    const { job } = await startSync(gateway, { maxCostUsd: 0 });
    expect(job.estimatedCost.total.amount).toBe(0);
  });
});
