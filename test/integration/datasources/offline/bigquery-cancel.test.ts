import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { queryOrigin } from '../../../../composition/query-origin.js';
import type { BigQueryOfflineStore } from '../../../../datasources/offline/bigquery/bigquery-offline-store.js';
import type { PointInTimeRead } from '../../../../datasources/offline/offline-store.js';
import { requestScope } from '../../../../observability/request-scope.js';
import { openTestStore, PROJECT, startBigQuery } from '../../../support/google/bigquery-store.js';
import type { BigQueryServer } from '../../../support/google/bigquery-server/server.js';
import { describeWithGoogleSql } from '../../../support/google/with-googlesql.js';
import { CUSTOMER, REQUEST, SHOP } from '../../../support/shop-history.js';
import { NOW, smallRegistry } from '../../../support/small-registry.js';
import { startTestGateway } from '../../../support/test-gateway.js';
import { testEntityType } from '../../../support/test-registry.js';
import { waitForEnd, openTrainingSets, STARTED } from '../../../support/training-set-dependencies.js';
import { until } from '../../../support/until.js';

const START_JOB = /POST .*\/jobs$/;
const entityType = testEntityType({
  name: 'thing',
  sources: Array.from({ length: 16 }, (_, index) => ({
    name: `s${index}`,
    features: [{ name: `f${index}`, valueType: 'STRING' as const }],
  })),
});
const [first] = entityType.features;
const READ: PointInTimeRead = { entityType, labels: [{ entityId: 'x', time: NOW }], features: [first!] };

describeWithGoogleSql('a query of BigQuery without a waiting caller', () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
  });
  afterAll(() => server.stop());
  afterEach(() => {
    server.jobs.isHeld = false;
    server.faults.clear();
  });

  /** A store whose queries do not end by themselves. */
  const holding = async (options: Parameters<typeof openTestStore>[2] = {}): Promise<BigQueryOfflineStore> => {
    const store = await openTestStore(server, entityType, options, { currentOrigin: queryOrigin });
    hold();
    return store;
  };
  const hold = (): void => {
    server.jobs.all.clear();
    server.requests.length = 0;
    server.jobs.isHeld = true;
  };
  const started = (count = 1) => until(() => server.jobs.all.size === count);
  /** Started, and waited for. */
  const running = async (count = 1): Promise<void> => {
    await started(count);
    const results = [...server.jobs.all.keys()].map((id) => `GET /projects/${PROJECT}/queries/${id}`);
    await until(() => results.every((request) => server.requests.includes(request)));
  };
  /** Every job that was started has been cancelled, by a request that names it, and nothing else has ended it. */
  const allCancelled = async (): Promise<void> => {
    const jobs = [...server.jobs.all.values()];
    expect(jobs.length).toBeGreaterThan(0);
    for (const { id, done } of jobs) {
      await done;
      expect(server.requests).toContain(`POST /projects/${PROJECT}/jobs/${id}/cancel`);
    }
    expect(jobs.map(({ error }) => error?.message)).toEqual(
      jobs.map(() => expect.stringContaining('User requested cancellation')),
    );
  };

  it.each(['pointInTime', 'history'] as const)('is cancelled when the signal of its %s is aborted', async (method) => {
    const store = await holding();
    const { signal, abort } = controlled();
    const read =
      method === 'pointInTime'
        ? store.pointInTime({ ...READ, signal })
        : store.history({ feature: first!, entityId: 'x', from: null, to: null, before: null, limit: 1, signal });
    await running();
    abort('enough');
    await expect(read).rejects.toThrow('enough');
    await allCancelled();
  });

  it('is cancelled when it was told to stop before it was known to have started', async () => {
    const store = await holding();
    const { signal, abort } = controlled();
    server.faults.inject('slow', START_JOB);
    const read = store.pointInTime({ ...READ, signal });
    await until(() => server.requests.some((name) => START_JOB.test(name)));
    abort('enough');
    await expect(read).rejects.toThrow('enough');
    await started();
    await allCancelled();
  });

  it('is not started when the signal is aborted already', async () => {
    const store = await holding();
    const read = store.pointInTime({ ...READ, signal: AbortSignal.abort(new Error('gone')) });
    await expect(read).rejects.toThrow('gone');
    expect(server.jobs.all.size).toBe(0);
  });

  it('is cancelled when another statement of its read has failed', async () => {
    const store = await holding();
    // 16 sources are two statements.
    const read = store.pointInTime({ ...READ, features: entityType.features });
    await running(2);
    server.faults.inject('cutBefore', /GET .*\/queries\//, 1000);
    await expect(read).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await allCancelled();
  });

  it('is cancelled when its time is over, if BigQuery has not ended it', async () => {
    const store = await holding({ timeoutSeconds: 1 });
    // As documented: BigQuery tries to end it, and may not succeed.
    server.jobs.keepsTime = false;
    onTestFinished(() => void (server.jobs.keepsTime = true));
    await expect(store.pointInTime(READ)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('within 1 seconds'),
    });
    await allCancelled();
    const [job] = server.jobs.all.values();
    expect(job?.configuration.jobTimeoutMs).toBe('1000');
  });

  it('is cancelled before a store is closed, so that a process that ends leaves none', async () => {
    const store = await holding();
    const read = store.pointInTime(READ);
    await running();
    server.faults.inject('slow', /\/cancel$/);
    const [closed, refused] = await Promise.allSettled([store.close(), read]);
    expect(closed.status).toBe('fulfilled');
    expect(refused).toMatchObject({ reason: { code: 'SHUTTING_DOWN' } });
    expect([...server.jobs.all.values()].map(({ state }) => state)).toEqual(['DONE']);
    await allCancelled();
    await expect(store.pointInTime(READ)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  it('is cancelled with the request that it is for, and not with another', async () => {
    const store = await holding();
    const { signal, abort } = controlled();
    const ofRequest = requestScope.run({ requestId: 'left', signal }, () => store.pointInTime(READ));
    await running();
    // What a job asks outlives the request that started it.
    const job = new AbortController();
    const ofJob = requestScope.run({ requestId: 'left', signal }, () =>
      store.pointInTime({ ...READ, signal: job.signal }),
    );
    await running(2);
    abort('the client went away');
    await expect(ofRequest).rejects.toThrow('the client went away');
    const [cancelled, other] = [...server.jobs.all.values()];
    await cancelled!.done;
    expect(other!.state).toBe('RUNNING');
    job.abort(new Error('enough'));
    await expect(ofJob).rejects.toThrow('enough');
    await allCancelled();
  });

  it('is cancelled with the training set it is for, whose job is CANCELLED', async () => {
    const store = await openTestStore(server, CUSTOMER.entityType);
    const { trainingSets, engine } = await openTrainingSets(SHOP.featurestores, { findRemoteStore: () => store });
    hold();
    const labels = {
      kind: 'INLINE' as const,
      timeColumn: 'at',
      rows: [{ who: 'ann', at: '2001-09-09T01:47:00Z' }],
    };
    const { id } = await trainingSets.start({ ...REQUEST, joins: [CUSTOMER], labels, ...STARTED });
    await running();
    await engine.cancel(id);
    expect(await waitForEnd(engine, id)).toMatchObject({ state: 'CANCELLED', result: null });
    await allCancelled();
  });

  it('is cancelled when the client closes its HTTP request', async () => {
    const registry = smallRegistry();
    const sources = registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap((type) => type.sources);
    const store = await openTestStore(server, sources, {}, { currentOrigin: queryOrigin });
    const gateway = await startTestGateway(registry, {
      wrap: (stores) => ({ online: (featurestore) => stores.online(featurestore), offline: () => store }),
    });
    onTestFinished(() => gateway.close());
    hold();
    const query = `{ entity(featurestore: "shop", entityType: "customer", entityId: "c1", asOf: "2001-09-09T01:46:30Z") {
      features(names: ["orders_7d"]) { value } } }`;
    const asking = request(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json' } });
    asking.on('error', () => undefined);
    asking.end(JSON.stringify({ query }));
    await running();
    asking.destroy();
    await allCancelled();
    // No fault of the gateway: an alarm must not ring for each client that goes.
    await until(async () => (await gateway.metrics.metrics()).includes('code="CLIENT_GONE"'));
  });
});

function controlled(): { readonly signal: AbortSignal; readonly abort: (why: string) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (why) => controller.abort(new Error(why)) };
}
