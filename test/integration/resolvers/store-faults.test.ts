import { status as CODE } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BigtableOnlineStore } from '../../../datasources/online/bigtable/bigtable-online-store.js';
import type { OnlineStore } from '../../../datasources/online/online-store.js';
import { openVertexLegacyOnlineStore } from '../../../datasources/online/vertex-legacy/vertex-legacy-online-store.js';
import { openVertexViewOnlineStore } from '../../../datasources/online/vertex-view/vertex-view-online-store.js';
import type { FeatureSource } from '../../../datasources/registry/model.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { openTestStore, startBigQuery } from '../../support/google/bigquery-store.js';
import {
  createTable,
  describeWithBigtable,
  openBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { startFaultProxy, type Fault, type FaultProxy } from '../../support/google/fault-proxy.js';
import { addLegacyEntityType, addView } from '../../support/google/vertex-entity-types.js';
import { PLACE, startVertexWorld, VERTEX_NOW } from '../../support/google/vertex-world.js';
import { createWrite } from '../../support/google/vertex-writes.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { row, smallRegistry, findSource } from '../../support/small-registry.js';
import { startTestGateway, type GraphqlAnswer } from '../../support/test-gateway.js';
import { testRegistry } from '../../support/test-registry.js';
import { until } from '../../support/until.js';

/** What clients are told when things break on Google Cloud: the right answer or STORE_UNAVAILABLE, and never a name. */

/** Projects, datasets, tables, instances and addresses of these tests, and what faults say of their own. */
const NAMES_INSIDE =
  /test-project|demo-project|secret|test-instance|features-\d|features\.|127\.0\.0\.1|localhost|googleapis|\bat \//;

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE', retryable: true };

/** Every part of an answer is right, or is missing with an error at its path. */
function expectRightOrUnavailable(answer: GraphqlAnswer, right: Record<string, unknown>): void {
  expect(JSON.stringify(answer)).not.toMatch(NAMES_INSIDE);
  const missing = new Set((answer.errors ?? []).map(({ path }) => path![0]));
  for (const { extensions } of answer.errors ?? []) expect(extensions).toMatchObject(UNAVAILABLE);
  for (const [field, value] of Object.entries(right))
    if (!missing.has(field)) expect(answer.data[field]).toEqual(value);
}

/** Of `now` a store online is asked, of the rest the one offline. */
const QUESTION = `query {
  now: entity(featurestore: "shop", entityType: "customer", entityId: "c40") { features { name value status timestamp } }
  unknown: entity(featurestore: "shop", entityType: "customer", entityId: "nobody") { features { value status } }
  past: entity(featurestore: "shop", entityType: "customer", entityId: "c0", asOf: "2001-09-09T01:46:31Z") { features { value status } }
  later: entity(featurestore: "shop", entityType: "customer", entityId: "c7", asOf: "2001-09-09T01:46:36Z") { features { value status } }
  history: entity(featurestore: "shop", entityType: "customer", entityId: "c1") { history(feature: "orders_7d") { nodes { value timestamp } } }
}`;
const TRAINING_SET = {
  featurestore: 'shop',
  entityType: 'customer',
  labels: {
    entityIdColumns: ['who'],
    timeColumn: 'at',
    source: { rows: ['c0', 'c1', 'nobody'].map((who) => ({ who, at: '2001-09-09T01:46:31Z' })) },
  },
};

const BIGTABLE_FAULTS: Fault[] = [
  { kind: 'refused', status: CODE.UNAVAILABLE },
  { kind: 'refused', status: CODE.RESOURCE_EXHAUSTED },
  { kind: 'cut', afterBytes: 60, code: constants.NGHTTP2_INTERNAL_ERROR },
  { kind: 'cut', afterBytes: 60, code: null },
  { kind: 'disconnected', afterBytes: 60 },
  { kind: 'slow', delayMs: 50 },
];
const BIGQUERY_FAULTS = ['backendError', 'rateLimitExceeded', 'cutBefore', 'cutAfter', 'slow'] as const;
const ANY_WORK = /insertAll|queries|jobs/;

describeWithBigtable('a gateway', () => {
  describeWithGoogleSql('over Bigtable and BigQuery that fail', () => {
    let emulator: BigtableEmulator;
    let proxy: FaultProxy;
    let bigQuery: BigQueryServer;
    let bigtable: BigtableOnlineStore;
    let gateway: StoreGateway;
    let orders: FeatureSource;
    let right: Record<string, unknown>;
    let decide: FaultProxy['decide'];

    const rowsOf = (entityId: string) => [
      row(entityId, -10, { orders_7d: 1n, city: `first of ${entityId}` }),
      row(entityId, -5, { orders_7d: 2n, city: null }),
    ];

    beforeAll(async () => {
      emulator = await startBigtableEmulator();
      proxy = await startFaultProxy(emulator.endpoint);
      ({ decide } = proxy);
      bigQuery = await startBigQuery(() => VERTEX_NOW);
      const registry = smallRegistry();
      const settings = await createTable(emulator.endpoint, { readDeadlineMs: 1000 });
      bigtable = await openBigtable(settings, { apiEndpoint: proxy.endpoint, writeDeadlineMs: 1000 });
      const sources = registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap((type) => type.sources);
      const offline = await openTestStore(bigQuery, sources);
      gateway = await startStoreGateway(registry, {
        online: () => bigtable,
        offline: () => offline,
        findRemoteStore: () => offline,
      });
      orders = findSource(gateway, 'shop', 'customer');
      await gateway.write(orders, Array.from({ length: 50 }, (_, index) => rowsOf(`c${index}`)).flat());
      const answer = await gateway.ask(QUESTION);
      expect(answer.errors).toBeUndefined();
      right = answer.data as Record<string, unknown>;
    });
    beforeEach(() => {
      proxy.decide = decide;
      bigQuery.faults.clear();
    });
    afterAll(async () => {
      await gateway.close();
      await bigtable.close();
      await bigQuery.stop();
      await proxy.stop();
      await emulator.stop();
    });

    it.each(BIGTABLE_FAULTS)('answers as ever when a read online meets a fault: %j', async (fault) => {
      proxy.fail('ReadRows', fault);
      const { data, errors } = await gateway.ask(QUESTION);
      expect(errors).toBeUndefined();
      expect(data).toEqual(right);
    });

    it.each(BIGQUERY_FAULTS)('answers as ever when the queries offline meet %s', async (kind) => {
      bigQuery.faults.inject(kind, ANY_WORK, 2);
      const { data, errors } = await gateway.ask(QUESTION);
      expect(errors).toBeUndefined();
      expect(data).toEqual(right);
    });

    it('says STORE_UNAVAILABLE for what the online store has, and answers the rest', async () => {
      proxy.decide = () => ({ kind: 'refused', status: CODE.UNAVAILABLE });
      const answer = await gateway.ask(QUESTION);
      expectRightOrUnavailable(answer, right);
      expect(answer.errors!.map(({ path }) => path![0]).toSorted()).toEqual(['now', 'unknown']);
      proxy.decide = decide;
      expect((await gateway.ask(QUESTION)).data).toEqual(right);
    });

    it.each(BIGQUERY_FAULTS.filter((kind) => kind !== 'slow'))(
      'says STORE_UNAVAILABLE for what is offline while there is no end of %s',
      async (kind) => {
        bigQuery.faults.inject(kind, ANY_WORK, 10_000);
        const answer = await gateway.ask(QUESTION);
        expectRightOrUnavailable(answer, right);
        expect(answer.errors!.map(({ path }) => path![0]).toSorted()).toEqual(['history', 'later', 'past']);
        const preview = await gateway.ask(
          'query ($input: TrainingSetInput!) { trainingSetPreview(input: $input) { rows } }',
          { input: TRAINING_SET },
        );
        expect(preview.errors!.map(({ extensions }) => extensions)).toMatchObject([UNAVAILABLE]);
        expect(JSON.stringify(preview)).not.toMatch(NAMES_INSIDE);
        bigQuery.faults.clear();
        expect((await gateway.ask(QUESTION)).data).toEqual(right);
      },
    );

    it('never gives a wrong answer, whatever breaks and in which order', async () => {
      let unavailable = 0;
      for (let round = 0; round < 40; round += 1) {
        proxy.fail(
          'ReadRows',
          ...Array.from({ length: (round % 3) * 2 }, (_, at) => BIGTABLE_FAULTS[(round + at) % 6]!),
        );
        bigQuery.faults.inject(BIGQUERY_FAULTS[round % 5]!, round % 2 ? /POST .*jobs/ : /queries/, (round % 4) * 3);
        const answer = await gateway.ask(QUESTION);
        expectRightOrUnavailable(answer, right);
        unavailable += answer.errors?.length ?? 0;
        proxy.decide = decide;
        bigQuery.faults.clear();
      }
      // Both happen, or this would prove nothing.
      expect(unavailable).toBeGreaterThan(0);
      expect(unavailable).toBeLessThan(40 * Object.keys(right).length);
    });

    it('has each value once when a write is repeated until it is acknowledged', async () => {
      bigQuery.tables.deduplicates = false;
      bigQuery.faults.inject('cutAfter', /insertAll/, 2);
      proxy.fail(
        'CheckAndMutateRow',
        { kind: 'answer lost', status: CODE.UNAVAILABLE },
        { kind: 'refused', status: CODE.UNAVAILABLE },
      );
      proxy.calls.length = 0;
      const isWritten = (): Promise<boolean> =>
        gateway.write(orders, rowsOf('w')).then(
          () => true,
          () => false,
        );
      await until(isWritten);
      bigQuery.tables.deduplicates = true;
      const { data, errors } =
        await gateway.ask(`{ entity(featurestore: "shop", entityType: "customer", entityId: "w") {
        features(names: ["orders_7d", "city"]) { value } history(feature: "orders_7d") { nodes { value timestamp } } } }`);
      expect(errors).toBeUndefined();
      expect(data.entity).toEqual({
        features: [{ value: '2' }, { value: 'first of w' }],
        history: {
          nodes: [
            { value: '2', timestamp: '2001-09-09T01:46:35Z' },
            { value: '1', timestamp: '2001-09-09T01:46:30Z' },
          ],
        },
      });
    });

    const JOB = `id state error { code message } validation { joinedRows leakedRows }`;
    const started = async (idempotencyKey: string): Promise<string> => {
      const { data } = await gateway.ask(
        `mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) { job { id } userErrors { message } } }`,
        { input: { trainingSet: TRAINING_SET, idempotencyKey } },
      );
      expect(data.startTrainingSet.userErrors).toEqual([]);
      return data.startTrainingSet.job.id as string;
    };
    const ended = async (id: string): Promise<any> => {
      let job: any;
      await until(async () => {
        const answer = await gateway.ask(
          `query ($id: ID!) { job(id: $id) { ... on TrainingSetJob { ${JOB} endedAt } } }`,
          { id },
        );
        job = answer.data.job;
        return job.endedAt !== null;
      });
      return job;
    };

    it('does a job once, though it was asked for twice while the store failed', async () => {
      bigQuery.faults.inject('cutAfter', /POST .*jobs/, 2);
      bigQuery.faults.inject('backendError', /queries/, 2);
      const ids = await Promise.all([started('once'), started('once')]);
      expect(new Set(ids).size).toBe(1);
      expect(await ended(ids[0])).toMatchObject({
        state: 'SUCCEEDED',
        validation: { joinedRows: '3', leakedRows: '0' },
      });
      const { data } = await gateway.ask('{ jobs(first: 100) { nodes { id } } }');
      expect(data.jobs.nodes.filter(({ id }: { id: string }) => id === ids[0])).toHaveLength(1);
    });
  });
});

describe.each([
  {
    kind: 'a feature view',
    readMethods: ['StreamingFetchFeatureValues', 'FetchFeatureValues'],
    prepare: addView,
    open: openVertexViewOnlineStore.bind(null, {
      kind: 'VERTEX_FEATURE_VIEW',
      ...PLACE,
      featureOnlineStore: 'serving',
      views: {},
      usePreview: true,
    }),
  },
  {
    kind: 'a legacy featurestore',
    readMethods: ['StreamingReadFeatureValues', 'ReadFeatureValues'],
    prepare: addLegacyEntityType,
    open: openVertexLegacyOnlineStore.bind(null, { kind: 'VERTEX_LEGACY', ...PLACE, featurestore: 'old_shop' }),
  },
])('a gateway over $kind that fails', ({ prepare, open, readMethods }) => {
  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'] as const)(
    'gives the right values through some %s, and STORE_UNAVAILABLE when there is no end of it',
    async (code) => {
      const world = await startVertexWorld();
      const registry = testRegistry({
        name: 'test',
        entityTypes: [{ name: 'thing', sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] }],
      });
      const thing = registry.entityType('test', 'thing');
      prepare(world, thing);
      const store: OnlineStore = open(() => VERTEX_NOW, world.server.clientOptions);
      const gateway = await startTestGateway(registry, {
        wrap: ({ offline }) => ({ offline, online: () => store }),
      });
      try {
        const ids = ['x', 'y', 'z'];
        await store.write(
          thing,
          ids.map((id) => createWrite(thing, id, VERTEX_NOW, { a: `of ${id}` })),
        );
        const question = '{ test { things(entityIds: ["x", "y", "z"]) { a } thing(entityId: "x") { a } } }';
        const right = { things: ids.map((id) => ({ a: `of ${id}` })), thing: { a: 'of x' } };
        for (const method of readMethods) world.server.faults.add(method, { kind: 'refuse', code }, 2);
        const through = await gateway.ask(question);
        expect([through.errors, through.data.test]).toEqual([undefined, right]);
        world.server.faults.clear();
        for (const method of readMethods) world.server.faults.add(method, { kind: 'refuse', code }, 10_000);
        const down = await gateway.ask(question);
        expect(JSON.stringify(down)).not.toMatch(NAMES_INSIDE);
        expect(down.errors!.length).toBeGreaterThan(0);
        for (const { extensions } of down.errors!) expect(extensions).toMatchObject(UNAVAILABLE);
        expect(JSON.stringify(down.data)).not.toContain('of ');
      } finally {
        await gateway.close();
        await store.close();
        world.server.stop();
      }
    },
  );
});
