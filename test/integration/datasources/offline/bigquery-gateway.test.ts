import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { parseConfig } from '../../../../config/load-config.js';
import type { OfflineStore } from '../../../../datasources/offline/offline-store.js';
import { startGateway } from '../../../../main.js';
import { createLogger } from '../../../../observability/logger.js';
import type { BigQueryServer } from '../../../support/google/bigquery-server/server.js';
import { DATASET, openTestStore, PROJECT, startBigQuery } from '../../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../../support/google/with-googlesql.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { NOW, row, smallRegistry, findSource, T } from '../../../support/small-registry.js';
import { testEntityType } from '../../../support/test-registry.js';
import { startTestGateway, type TestGateway } from '../../../support/test-gateway.js';

const PAST = '2001-09-09T01:46:30Z';

const OPERATIONS = {
  'values as of a moment': `{ entity(featurestore: "shop", entityType: "customer", entityId: "c1", asOf: "${PAST}") {
    features(names: ["orders_7d", "mean_basket", "city", "born"]) { name value status timestamp ageSeconds } } }`,
  'values of many entities at many moments': `{
    now: entities(featurestore: "shop", entityType: "customer", entityIds: ["c2", "c1", "nobody"], asOf: "${PAST}") {
      entityId features(names: ["orders_7d"]) { value status } }
    before: entities(featurestore: "shop", entityType: "customer", entityIds: ["c1"], asOf: "2001-09-09T01:46:19.999999Z") {
      entityId features(names: ["orders_7d", "mean_basket"]) { value status } } }`,
  'a composite id of a dense entity type': `{ entity(featurestore: "shop", entityType: "visit", entityId: "c1,a%2Cb", asOf: "${PAST}") {
    features(names: ["seconds"]) { value status timestamp } } }`,
  'the history of a feature, page by page': `{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") {
    history(feature: "orders_7d", first: 1) { nodes { value timestamp } pageInfo { hasNextPage } } } }`,
};

describeWithGoogleSql('a gateway over BigQuery', () => {
  let server: BigQueryServer;
  let embedded: TestGateway;
  let onGoogleCloud: TestGateway;

  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
    const registry = smallRegistry();
    const sources = registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap((type) => type.sources);
    const bigQuery: OfflineStore = await openTestStore(server, sources);
    embedded = await startTestGateway(registry);
    onGoogleCloud = await startTestGateway(registry, {
      wrap: (stores) => ({ online: (featurestore) => stores.online(featurestore), offline: () => bigQuery }),
    });
    const rows = [
      [
        findSource(embedded, 'shop', 'customer'),
        [
          row('c1', -20, { orders_7d: 9_007_199_254_740_993n, mean_basket: 12.5 }),
          row('c1', -15, { orders_7d: null, city: 'Zürich' }),
          row('c1', -5, { orders_7d: 7n }),
          row('c2', -500, { orders_7d: 1n }),
        ],
      ],
      [findSource(embedded, 'shop', 'customer', 1), [{ ...row('c1', 0, { born: T(-1e9) + 1n }), timestamp: null }]],
      [
        findSource(embedded, 'shop', 'visit'),
        [row('c1,a%2Cb', -30, { seconds: 1.5 }), row('c1,a', -20, { seconds: 2 })],
      ],
    ] as const;
    for (const [source, history] of rows) {
      await embedded.write(source, history);
      await bigQuery.append(source, history);
    }
  });
  afterAll(async () => {
    await embedded.close();
    await onGoogleCloud.close();
    await server.stop();
  });

  it.each(Object.entries(OPERATIONS))('answers as the embedded one: %s', async (_name, operation) => {
    const answer = await onGoogleCloud.ask(operation);
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toEqual((await embedded.ask(operation)).data);
    expect(JSON.stringify(answer.data)).toMatch(/PRESENT|timestamp/);
  });

  it('is what the gateway opens when its registry says so', async () => {
    const folder = temporaryFolder();
    await writeFile(
      join(folder, 'registry.yaml'),
      `featurestores:
  - name: test
    labels: { tenant: Team A }
    offlineStore: { kind: BIGQUERY, project: ${PROJECT}, dataset: ${DATASET}, location: EU }
    entityTypes:
      - { name: wired, sources: [{ features: [{ name: a, valueType: STRING }] }] }
`,
    );
    const wired = testEntityType({ name: 'wired', sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }] });
    const store = await openTestStore(server, wired);
    await store.append(wired.sources[0]!, [row('x', -20, { a: 'from BigQuery' })]);
    // The client takes this as it stands, so the whole gateway can be sent to the test server.
    vi.stubEnv('BIGQUERY_EMULATOR_HOST', `${server.endpoint}/bigquery/v2`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const gateway = await startGateway({
      config: parseConfig({
        FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
        FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
        FEATUREGRAPH_GRAPHIQL: 'false',
        PORT: '0',
      }),
      logger: createLogger('silent'),
      onPrepare: () => undefined,
    });
    onTestFinished(() => gateway.stop());
    server.jobs.all.clear();
    const ask = (query: string) =>
      fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': 'the-request' },
        body: JSON.stringify({ query }),
      });
    const response = await ask(`{ entity(featurestore: "test", entityType: "wired", entityId: "x", asOf: "${PAST}") {
      features(names: ["a"]) { value status } } }`);
    expect(await response.json()).toMatchObject({
      data: { entity: { features: [{ value: 'from BigQuery', status: 'PRESENT' }] } },
    });
    const [job] = server.jobs.all.values();
    expect(job?.configuration.labels).toEqual({
      application: 'featuregraph',
      operation: 'point_in_time',
      tenant: 'team_a',
      request_id: response.headers.get('x-request-id'),
    });

    // What it would cost is asked of BigQuery, by a dry run, and priced by the book of the cloud.
    server.jobs.all.clear();
    const input = `input: { featurestore: "test", entityType: "wired",
      labels: { source: { rows: [{ entity_id: "x", timestamp: "${PAST}" }] } } }`;
    const asked = (
      await ask(`{ estimateTrainingSet(${input}) { total { amount } assumptions priceBook { name } } }`)
    ).json();
    const { data, errors }: any = await asked;
    expect(errors).toBeUndefined();
    expect(data.estimateTrainingSet.priceBook.name).toBe('google-us-central1');
    expect(data.estimateTrainingSet.total.amount).toBeGreaterThan(0);
    expect(data.estimateTrainingSet.assumptions.join()).toMatch(/scans [1-9]\d* bytes at most/);
    expect(server.jobs.all.size).toBe(0);
    const joined: any = await (await ask(`{ trainingSetPreview(${input}) { rows } }`)).json();
    expect(joined.data.trainingSetPreview.rows).toMatchObject([{ entity_id: 'x', a: 'from BigQuery' }]);
  });

  it('stays in service when BigQuery is down: values now have no part in it', async () => {
    const gone = await startBigQuery(() => NOW);
    const registry = smallRegistry();
    const sources = registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap((type) => type.sources);
    const bigQuery: OfflineStore = await openTestStore(gone, sources);
    await gone.stop();
    const gateway = await startTestGateway(registry, {
      wrap: (stores) => ({ online: (featurestore) => stores.online(featurestore), offline: () => bigQuery }),
    });
    onTestFinished(() => gateway.close());
    const { data, errors } = await gateway.ask(
      `{ featurestore(name: "shop") { onlineStore { healthy } offlineStore { healthy } entityType(name: "customer") {
        entity(entityId: "c1") { features(names: ["city"]) { status } } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data.featurestore).toEqual({
      onlineStore: { healthy: true },
      offlineStore: { healthy: false },
      entityType: { entity: { features: [{ status: 'NOT_FOUND' }] } },
    });
    expect((await fetch(new URL('/readyz', gateway.url))).status).toBe(200);
  });
});
