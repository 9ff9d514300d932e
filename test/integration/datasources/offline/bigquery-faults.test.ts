import { DEFAULT_RETRY_DELAY_MS } from '../../../../datasources/google/bigquery/rate-limits.js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BigQueryOfflineStore } from '../../../../datasources/offline/bigquery/bigquery-offline-store.js';
import type { FeatureRow } from '../../../../datasources/offline/offline-store.js';
import type { EntityType, FeatureSource } from '../../../../datasources/registry/model.js';
import type { FaultKind } from '../../../support/google/bigquery-server/faults.js';
import type { BigQueryServer } from '../../../support/google/bigquery-server/server.js';
import { openTestStore, startBigQuery } from '../../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../../support/google/with-googlesql.js';
import { testEntityType } from '../../../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const FAULTS: FaultKind[] = ['backendError', 'rateLimitExceeded', 'cutBefore', 'cutAfter', 'slow'];
const START_JOB = /POST \/projects\/.*\/jobs$/;
const READ_PAGE = /GET .*\/queries\//;
const INSERT = /POST .*\/insertAll$/;
const LOAD = /POST \/upload\/.*\/jobs$/;
const TOO_OLD_TO_STREAM = -4000 * 86_400;

describeWithGoogleSql('BigQuery, when it is not well', () => {
  let server: BigQueryServer;
  let store: BigQueryOfflineStore;
  let entityType: EntityType;
  let source: FeatureSource;
  let made = 0;

  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    entityType = thing(`thing_${(made += 1)}`, 'a');
    source = entityType.sources[0]!;
    store = await openTestStore(server, entityType);
    server.jobs.all.clear();
  });
  afterEach(() => {
    server.faults.clear();
    server.tables.deduplicates = true;
  });

  const thing = (name: string, ...features: readonly string[]): EntityType =>
    testEntityType({
      name,
      sources: [{ features: features.map((feature) => ({ name: feature, valueType: 'STRING' })) }],
    });
  const row = (entityId: string, seconds: number, a: string): FeatureRow => ({
    entityId,
    timestamp: NOW + BigInt(seconds) * 1_000_000n,
    values: new Map([['a', a]]),
  });
  const valuesNow = async (...entityIds: string[]) =>
    (
      await store.pointInTime({
        entityType,
        labels: entityIds.map((entityId) => ({ entityId, time: NOW + 1_000_000_000n })),
        features: entityType.features,
      })
    ).map(([cell]) => cell?.value);
  const storedRows = () => server.tables.get('test-project', 'features', `${entityType.name}__values`).rows.length;

  it.each(FAULTS)('a %s while a query starts: one job, the right answer', async (kind) => {
    await store.append(source, [row('x', 0, 'value')]);
    server.faults.inject(kind, START_JOB);
    expect(await valuesNow('x')).toEqual(['value']);
    expect(server.jobs.all.size).toBe(1);
  });

  it.each(FAULTS)('a %s while a page is read: the right answer', async (kind) => {
    await store.append(source, [row('x', 0, 'value')]);
    server.faults.inject(kind, READ_PAGE);
    expect(await valuesNow('x')).toEqual(['value']);
    expect(server.jobs.all.size).toBe(1);
  });

  it.each(FAULTS)('a %s while rows are written: each of them once', async (kind) => {
    server.faults.inject(kind, INSERT);
    const outcome = await store.append(source, [row('x', 0, 'a'), row('y', 0, 'b')]);
    expect(outcome).toEqual({ appended: 2, rejected: [] });
    expect(storedRows()).toBe(2);
    expect(await valuesNow('x', 'y')).toEqual(['a', 'b']);
  });

  it.each(FAULTS)('a %s while rows are loaded: each of them once', async (kind) => {
    server.faults.inject(kind, LOAD);
    const outcome = await store.append(
      source,
      ['x', 'y'].map((entityId) => row(entityId, TOO_OLD_TO_STREAM, entityId)),
    );
    expect(outcome).toEqual({ appended: 2, rejected: [] });
    expect(storedRows()).toBe(2);
    expect(await valuesNow('x', 'y')).toEqual(['x', 'y']);
  });

  it('reads that are more than its requests a second wait for their turn, and none fails', async () => {
    await store.append(source, [row('e', -60, 'first')]);
    // Seconds and pauses as they are: in shorter ones, a busy machine sends no request too many.
    const patient = await openTestStore(server, entityType, {}, { retryDelayMs: DEFAULT_RETRY_DELAY_MS });
    server.quotas.perSecond = 5;
    server.quotas.secondMs = 1_000;
    server.quotas.windows.holdsUntilRefused = true;
    try {
      const read = { entityType, labels: [{ entityId: 'e', time: NOW }], features: entityType.features, options: {} };
      const answers = await Promise.all(Array.from({ length: 12 }, () => patient.pointInTime(read)));
      expect(answers.map(([cells]) => cells![0]!.value)).toEqual(Array(12).fill('first'));
      expect(server.quotas.refused.size).toBeGreaterThan(0);
    } finally {
      server.quotas.secondMs = null;
      server.quotas.windows.holdsUntilRefused = false;
      await patient.close();
    }
  });

  it('reads that find the queue of queries full wait for their turn, and none fails', async () => {
    await store.append(source, [row('e', -60, 'first')]);
    const patient = await openTestStore(server, entityType, {}, { retryDelayMs: DEFAULT_RETRY_DELAY_MS });
    const { queue } = server.jobs;
    const { limit } = queue;
    Object.assign(queue, { concurrent: 1, limit: 2, refused: 0 });
    try {
      const read = { entityType, labels: [{ entityId: 'e', time: NOW }], features: entityType.features, options: {} };
      const answers = await Promise.all(Array.from({ length: 8 }, () => patient.pointInTime(read)));
      expect(answers.map(([cells]) => cells![0]!.value)).toEqual(Array(8).fill('first'));
      expect([queue.refused > 0, queue.mostWaiting]).toEqual([true, 2]);
    } finally {
      Object.assign(queue, { concurrent: null, limit });
      await patient.close();
    }
  });

  it('a quota of a day that is used up is not retried', async () => {
    server.faults.inject('quotaExceeded', START_JOB, 9);
    server.requests.length = 0;
    await expect(valuesNow('e')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(server.requests.filter((request) => START_JOB.test(request))).toHaveLength(1);
  });

  it('rows written twice, when BigQuery does not recognise them, are read as once', async () => {
    server.tables.deduplicates = false;
    server.faults.inject('cutAfter', INSERT);
    await store.append(source, [row('x', 0, 'old'), row('x', 1, 'new')]);
    expect(storedRows()).toBe(4);
    expect(await valuesNow('x')).toEqual(['new']);
    const [a] = entityType.features;
    const history = await store.history({ feature: a!, entityId: 'x', from: null, to: null, before: null, limit: 10 });
    expect(history.map(({ value }) => value)).toEqual(['new', 'old']);
    const newest: unknown[] = [];
    for await (const writes of store.newest(source)) newest.push(...writes.map(({ values }) => values.get('a')));
    expect(newest).toEqual([undefined, 'new']);
  });

  it('a write that fails half way says so, and written again it is whole', async () => {
    const rows = Array.from({ length: 1200 }, (_, index) => row(`e${index}`, 0, String(index)));
    server.requests.length = 0;
    // The first request of 500 rows goes through; those after it do not.
    const appending = store.append(source, rows);
    while (!server.requests.some((request) => INSERT.test(request))) await new Promise(setImmediate);
    server.faults.inject('backendError', INSERT, 1000);
    await expect(appending).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(storedRows()).toBeLessThan(1200);
    server.faults.clear();
    expect(await store.append(source, rows)).toEqual({ appended: 1200, rejected: [] });
    expect(await valuesNow('e0', 'e600', 'e1199')).toEqual(['0', '600', '1199']);
  });

  it.each(['backendError', 'rateLimitExceeded', 'cutBefore', 'cutAfter'] as const)(
    'a %s that does not end is STORE_UNAVAILABLE, in words that name nothing inside',
    async (kind) => {
      const old = row('x', TOO_OLD_TO_STREAM, 'a');
      server.faults.inject(kind, LOAD, 1000);
      await expect(store.append(source, [old])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(storedRows()).toBeLessThan(2);
      server.faults.inject(kind, /insertAll|queries|jobs/, 1000);
      for (const attempt of [() => store.append(source, [row('x', 0, 'a')]), () => valuesNow('x')]) {
        await expect(attempt()).rejects.toMatchObject({
          name: 'AppError',
          code: 'STORE_UNAVAILABLE',
          message: expect.not.stringMatching(/test-project|features|thing|127\.0\.0\.1/),
        });
      }
    },
  );

  it('a dataset that is not where the registry says is a fault for the operator, which no client tries again', async () => {
    server.tables.addDataset('test-project', 'moved', 'EU');
    const moved = await openTestStore(server, entityType, { dataset: 'moved' });
    server.tables.addDataset('test-project', 'moved', 'US');
    const read = moved.pointInTime({
      entityType,
      labels: [{ entityId: 'x', time: NOW }],
      features: entityType.features,
    });
    // No AppError: it is masked, and logged with the words of BigQuery.
    await expect(read).rejects.toMatchObject({ code: 404 });
  });

  it('so is a role that was taken away', async () => {
    server.faults.inject('accessDenied', START_JOB, 9);
    const read = store.pointInTime({
      entityType,
      labels: [{ entityId: 'x', time: NOW }],
      features: entityType.features,
    });
    await expect(read).rejects.toMatchObject({ code: 403 });
  });

  it('a table that may not be made is said at start, with its name and what BigQuery says', async () => {
    server.faults.inject('accessDenied', /POST .*\/tables$/, 9);
    const opening = openTestStore(server, thing('not_made', 'a'));
    await expect(opening).rejects.toMatchObject({
      name: 'OperatorError',
      faults: [expect.stringMatching(/^table "not_made__values": it cannot be read, made or changed: Access Denied/)],
    });
  });

  it('several gateways that start at once make their tables, and add new columns, together', async () => {
    const before = thing('made_at_once', 'a');
    await Promise.all(Array.from({ length: 6 }, () => openTestStore(server, before)));
    const after = thing('made_at_once', 'a', 'b');
    const [one] = await Promise.all(Array.from({ length: 6 }, () => openTestStore(server, after)));
    expect((await one!.append(after.sources[0]!, [row('x', 0, 'a')])).appended).toBe(1);
  });

  it('a column the streaming service does not know yet costs no row', async () => {
    const grown = thing(entityType.name, 'a', 'b');
    const stored = server.tables.get('test-project', 'features', `${entityType.name}__values`);
    const grownStore = await openTestStore(server, grown);
    const fields = stored.fields;
    stored.fields = fields.filter(({ name }) => name !== 'b');
    const both: FeatureRow = { ...row('x', 0, 'a'), values: new Map([['b', 'new']]) };
    await expect(grownStore.append(grown.sources[0]!, [both])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    stored.fields = fields;
    expect((await grownStore.append(grown.sources[0]!, [both])).appended).toBe(1);
  });
});
