import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Registry as MetricsRegistry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measuredJobStore } from '../../../composition/measured-job-store.js';
import type { JobState } from '../../../datasources/job-store/job-state.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { createGatewayMetrics } from '../../../observability/gateway-metrics.js';
import { createMetricsServer } from '../../../server/metrics-server.js';
import { jobRecord } from '../../support/job-record.js';
import { smallRegistry } from '../../support/small-registry.js';
import { TRANSPORTS } from '../../support/stream-clients.js';
import { NeverEnding, startStreamServer, streamSchema } from '../../support/stream-server.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

/** The series of a metric that are there, with what they count; histograms by their _count. */
async function seriesOf(name: string): Promise<Record<string, number>> {
  const text = await gateway.metrics.metrics();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

describe('the metrics', () => {
  it('count what is read, by what is known of it, and in how many reads', async () => {
    gateway.metrics.resetMetrics();
    const ids = ['ann', 'nobody', 'nobody-else'];
    const query = `query ($ids: [ID!]!) { shop { customers(entityIds: $ids) { orders7d } } }`;
    expect((await gateway.ask(query, { ids })).errors).toBeUndefined();
    expect(await seriesOf('feature_values_total')).toEqual({
      '{featurestore="shop",entity_type="customer",status="NOT_FOUND"}': 3,
    });
    expect(await seriesOf('dataloader_batch_size_count')).toEqual({ '{read="online"}': 1 });
    expect(await seriesOf('dataloader_batch_size_sum')).toEqual({ '{read="online"}': 3 });
    expect(await seriesOf('graphql_operation_duration_seconds_count')).toEqual({
      '{type="query",outcome="ok",principal="ANONYMOUS"}': 1,
    });
  });

  it('count errors by their code, and operations refused before they run', async () => {
    gateway.metrics.resetMetrics();
    await gateway.ask('{');
    await gateway.ask('{ nothing }');
    await gateway.ask('query ($id: ID!) { node(id: $id) { id } }', {});
    expect(await seriesOf('graphql_errors_total')).toEqual({
      '{code="GRAPHQL_PARSE_FAILED"}': 1,
      '{code="GRAPHQL_VALIDATION_FAILED"}': 1,
      '{code="BAD_USER_INPUT"}': 1,
    });
    expect(await seriesOf('graphql_operation_duration_seconds_count')).toEqual({
      '{type="none",outcome="failed",principal="ANONYMOUS"}': 2,
      '{type="query",outcome="failed",principal="ANONYMOUS"}': 1,
    });
  });

  it('have no series that a client made up', async () => {
    gateway.metrics.resetMetrics();
    await fetch(new URL('/wp-admin/secret-4711', gateway.url), { method: 'PROPFIND' });
    await gateway.ask(
      'query SecretName { entity(featurestore: "shop", entityType: "customer", entityId: "secret-4711") { features(names: ["orders_7d"]) { value } } }',
    );
    const text = await gateway.metrics.metrics();
    expect(text).not.toMatch(/secret/i);
    expect(text).toContain('http_server_request_duration_seconds_count{method="other",route="other",status="404"} 1');
  });
});

it('jobs are counted once for each state they enter, whatever is asked again', async () => {
  const registry = new MetricsRegistry();
  const store = measuredJobStore(new LmdbJobStore(temporaryFolder()), createGatewayMetrics(registry));
  await store.create(jobRecord({ id: '1', idempotencyKey: 'key' }));
  await store.create(jobRecord({ id: '2', idempotencyKey: 'key' }));
  const become = (state: JobState) => store.update('1', (record) => ({ ...record, state }));
  for (const state of ['PENDING', 'RUNNING', 'RUNNING', 'SUCCEEDED'] as const) await become(state);
  const { values } = await registry.getSingleMetric('jobs_total')!.get();
  expect(values.map(({ labels, value }) => [labels.kind, labels.state, value])).toEqual(
    ['QUEUED', 'PENDING', 'RUNNING', 'SUCCEEDED'].map((state) => ['TRAINING_SET', state, 1]),
  );
  await store.close();
});

it.each(TRANSPORTS)('subscriptions are open until they are left, over %s', async (_name, createClient) => {
  const source = new NeverEnding();
  const server = await startStreamServer(
    streamSchema('type Query { one: Int } type Subscription { never: Int }', { never: source.subscribe }),
  );
  const open = async () =>
    (await server.metrics.getSingleMetric('featuregraph_open_subscriptions')!.get()).values[0]!.value;
  const client = createClient(server.url);
  const following = client.follow({ query: 'subscription { never }' });
  following.catch(() => undefined);
  await until(() => source.waiting === 1);
  expect(await open()).toBe(1);
  client.close();
  await until(async () => (await open()) === 0);
  await server.close();
});

it('are served to Prometheus, and nothing else is there', async () => {
  const server = createMetricsServer(gateway.metrics);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scrape = await fetch(`${origin}/metrics`);
  expect([scrape.status, scrape.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(await scrape.text()).toContain('# TYPE graphql_operation_duration_seconds histogram');
  expect((await fetch(`${origin}/graphql`)).status).toBe(404);
  expect((await fetch(`${origin}/metrics`, { method: 'POST' })).status).toBe(404);
  expect((await fetch(new URL('/metrics', gateway.url))).status).toBe(404);
  server.close().closeAllConnections();
});
