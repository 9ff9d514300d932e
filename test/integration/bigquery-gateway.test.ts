import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { BigQueryServer } from '../support/google/bigquery-server/server.js';
import { openTestStore, startBigQuery } from '../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { NOW, row, smallRegistry, sourceOf, T } from '../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

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
        sourceOf(embedded, 'shop', 'customer'),
        [
          row('c1', -20, { orders_7d: 9_007_199_254_740_993n, mean_basket: 12.5 }),
          row('c1', -15, { orders_7d: null, city: 'Zürich' }),
          row('c1', -5, { orders_7d: 7n }),
          row('c2', -500, { orders_7d: 1n }),
        ],
      ],
      [sourceOf(embedded, 'shop', 'customer', 1), [{ ...row('c1', 0, { born: T(-1e9) + 1n }), timestamp: null }]],
      [sourceOf(embedded, 'shop', 'visit'), [row('c1,a%2Cb', -30, { seconds: 1.5 }), row('c1,a', -20, { seconds: 2 })]],
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
});
