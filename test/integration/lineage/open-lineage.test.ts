import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../lineage/open-lineage.js';
import type { Gateway } from '../../../main.js';
import { AlertServer } from '../../support/alert-server.js';
import { askAlone } from '../../support/ask-alone.js';
import { linear, startModelServer } from '../../support/model-server.js';
import { runEventFaults } from '../../support/openlineage/run-event-faults.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const registry = (origin: string) => `featurestores:
  - name: shop
    tables: { orders: orders.csv }
    entityTypes:
      - name: customer
        description: Who buys.
        entityIdColumns: [customer]
        sources:
          - name: values
            sql: values.sql
            timestampColumn: moment
            createdTimestampColumn: written
            features:
              - { name: a, valueType: DOUBLE, description: The basket. }
              - { name: spent, valueType: INT64, sensitivity: PERSONAL }
    featureViews: [{ name: profile, entityType: customer, features: [a] }]
    monitors: [{ name: baskets, entityType: customer, features: [a], windowSeconds: 60, checks: { maxNullShare: 0.5 } }]
models:
  - name: score
    http: { url: '${origin}/linear' }
    inputs: [{ name: a, valueType: DOUBLE }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
`;
/** What no event may have: values, entity ids, and what clients wrote. */
const SECRETS = ['secret-customer', '4711', 'secret-name', 'secret-label', 'sk-of-the-server'];
const SQL = `SELECT customer, moment, moment AS written, a, spent FROM orders`;
const ROWS = 'customer,moment,a,spent\nsecret-customer,2001-01-01T00:00:00Z,4711,1\nc2,2001-01-01T00:00:00Z,2,2\n';
const TIME = '2001-01-02T00:00:00Z';
const LABELS = [
  { customer: 'secret-customer', timestamp: TIME, b: 1, actual: 2 },
  { customer: 'c2', timestamp: TIME, b: 1, actual: 2 },
];
const trainingSet = (labels: object) => ({ featurestore: 'shop', entityType: 'customer', features: ['a'], labels });

let folder: string;
let models: Awaited<ReturnType<typeof startModelServer>>;
let server: AlertServer;
let gateway: Gateway;

async function serve(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  gateway = await startRegistryGateway(folder, {
    environment: {
      FEATUREGRAPH_OPENLINEAGE_URL: server.url,
      FEATUREGRAPH_OPENLINEAGE_API_KEY: 'sk-of-the-server',
      METRICS_PORT: '0',
      ...environment,
    },
  });
}

beforeEach(async () => {
  folder = temporaryFolder();
  models = await startModelServer({ '/linear': ({ instances }) => ({ predictions: instances.map(linear) }) });
  server = await AlertServer.start();
  writeFileSync(join(folder, 'registry.yaml'), registry(models.origin));
  writeFileSync(join(folder, 'values.sql'), SQL);
  writeFileSync(join(folder, 'orders.csv'), ROWS);
  mkdirSync(join(folder, 'data/files'), { recursive: true });
  writeFileSync(
    join(folder, 'data/files/labels.csv'),
    `customer,timestamp,b\n${LABELS.map(({ customer }) => `${customer},${TIME},1`).join('\n')}\n`,
  );
});
afterEach(async () => {
  await gateway.stop();
  await models.close();
  server.close();
});

async function start(mutation: string, input: object): Promise<string> {
  const document = `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) { job { id } userErrors { message } } }`;
  const { data, errors } = await askAlone(gateway.url, document, { input });
  expect(errors).toBeUndefined();
  expect(data[mutation].userErrors).toEqual([]);
  return (data[mutation].job.id as string).replace('jobs/', '');
}

const received = (): RunEvent[] => server.received.map(({ text }) => JSON.parse(text) as RunEvent);
const eventsOf = (job: string): RunEvent[] => received().filter(({ run }) => run.runId === job);

/** The two events of a run, when they are there. Both are as the specification has them, and have nothing of a client. */
async function run(mutation: string, input: object): Promise<{ start: RunEvent; end: RunEvent; id: string }> {
  const id = await start(mutation, input);
  await until(() => eventsOf(id).length >= 2);
  const events = eventsOf(id);
  expect(events).toHaveLength(2);
  for (const event of events) expect(runEventFaults(event)).toEqual([]);
  for (const secret of SECRETS) expect(JSON.stringify(events)).not.toContain(secret);
  const [first, end] = events as [RunEvent, RunEvent];
  expect(first.eventType).toBe('START');
  expect(first.job.name).toBe(end.job.name);
  expect(Date.parse(first.eventTime)).toBeLessThanOrEqual(Date.parse(end.eventTime));
  return { start: first, end, id };
}

const place = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace} ${name}`;
const places = ({ inputs, outputs }: RunEvent) => ({ inputs: inputs.map(place), outputs: outputs.map(place) });
const jobTypeOf = ({ job }: RunEvent) => (job.facets.jobType as { jobType: string }).jobType;
const file = (path: string) => `file ${join(folder, path)}`;
const SOURCE = 'featuregraph shop.customer.values';
const named = { displayName: 'secret-name', labels: { of: 'secret-label' } };

describe('the events of OpenLineage', () => {
  it('name what each kind of job reads and writes', async () => {
    await serve();
    const made = await run('startTrainingSet', {
      ...named,
      trainingSet: { ...trainingSet({ source: { file: { path: 'labels.csv' } } }), withTimestamps: true },
      output: { location: 'made.parquet' },
    });
    expect(made.end).toMatchObject({ eventType: 'COMPLETE', job: { namespace: 'featuregraph' } });
    expect(places(made.start)).toEqual({ inputs: [file('data/files/labels.csv'), SOURCE], outputs: [] });
    expect(places(made.end)).toEqual({
      inputs: [file('data/files/labels.csv'), SOURCE],
      outputs: [file('data/files/made.parquet')],
    });
    const predicted = await run('startBatchPrediction', {
      ...named,
      model: 'score',
      input: { trainingSetJob: `jobs/${made.id}` },
      output: { format: 'PARQUET' },
    });
    expect(places(predicted.end)).toEqual({
      inputs: ['featuregraph models/score', file('data/files/made.parquet')],
      outputs: [file(`data/files/batch-predictions/${predicted.id}/predictions-*.parquet`)],
    });
    writeFileSync(join(folder, 'orders.csv'), `${ROWS}c3,2001-01-01T00:00:00Z,3,3\n`);
    const refreshed = await run('refreshSource', { featurestore: 'shop', entityType: 'customer' });
    expect(places(refreshed.end)).toEqual({
      inputs: [file('orders.csv')],
      outputs: [SOURCE, 'featuregraph online/shop.customer'],
    });
    const watched = await run('runMonitor', { featurestore: 'shop', monitor: 'baskets' });
    expect(places(watched.end)).toEqual({ inputs: [SOURCE], outputs: [] });
    const tested = await run('startBacktest', {
      model: 'score',
      trainingSet: trainingSet({ source: { rows: LABELS } }),
      actual: { column: 'actual' },
      window: { days: 1 },
    });
    expect(places(tested.end)).toEqual({ inputs: ['featuregraph models/score', SOURCE], outputs: [] });
    expect([made, predicted, refreshed, watched, tested].map(({ end }) => [jobTypeOf(end), end.job.name])).toEqual([
      ['TRAINING_SET', expect.stringMatching(/^training_set\.shop\.customer\.[0-9a-f]{12}$/)],
      ['BATCH_PREDICTION', 'batch_prediction.score'],
      ['SOURCE_REFRESH', 'source_refresh.shop.customer'],
      ['MONITOR_RUN', 'monitor_run.shop.baskets'],
      ['BACKTEST', 'backtest.score'],
    ]);
    // Nothing changed: nothing was written.
    const again = await run('refreshSource', { featurestore: 'shop', entityType: 'customer' });
    expect(places(again.end)).toEqual({ inputs: [file('orders.csv')], outputs: [] });
  });

  it('have the columns of a training set with the column that each is a copy of', async () => {
    await serve();
    const { end } = await run('startTrainingSet', {
      trainingSet: { ...trainingSet({ source: { file: { path: 'labels.csv' } } }), withTimestamps: true },
      output: { location: 'made.parquet' },
    });
    const [output] = end.outputs;
    const { schema, columnLineage, dataSource } = output!.facets as any;
    expect(dataSource).toMatchObject({ name: 'file', uri: 'file:///' });
    expect(output!.outputFacets).toMatchObject({ outputStatistics: { rowCount: 2 } });
    expect(schema.fields).toEqual([
      { name: 'customer' },
      { name: 'timestamp' },
      { name: 'b' },
      { name: 'a', type: 'DOUBLE', description: 'The basket.' },
      { name: 'a__timestamp', type: 'TIMESTAMP' },
    ]);
    const origins = Object.entries(columnLineage.fields).map(([column, { inputFields }]: [string, any]) => [
      column,
      ...inputFields.map((input: any) => `${place(input)} ${input.field}`),
    ]);
    expect(origins).toEqual([
      ['customer', `${file('data/files/labels.csv')} customer`],
      ['timestamp', `${file('data/files/labels.csv')} timestamp`],
      ['b', `${file('data/files/labels.csv')} b`],
      ['a', `${SOURCE} a`],
    ]);
    expect(columnLineage.dataset.map(({ field }: any) => field)).toEqual(['customer', 'moment']);
    const source = end.inputs.find((input) => place(input) === SOURCE)!.facets as any;
    expect(source.documentation.description).toBe('Who buys.');
    expect(source.tags.tags).toEqual([{ key: 'sensitivity', value: 'INTERNAL', source: 'REGISTRY', field: 'a' }]);
  });

  it('say of a failure its code and what it means, and nothing that a value could be in', async () => {
    await serve();
    // The file of the training set is gone when the job reads it.
    writeFileSync(
      join(folder, 'values.sql'),
      'SELECT customer, moment, moment AS written, a, spent::VARCHAR || 4711 AS spent FROM nothing',
    );
    writeFileSync(join(folder, 'orders.csv'), `${ROWS}c3,2001-01-01T00:00:00Z,secret-customer,3\n`);
    const { end, id } = await run('refreshSource', { featurestore: 'shop', entityType: 'customer' });
    expect(end.eventType).toBe('FAIL');
    expect(end.run.facets.errorMessage).toMatchObject({
      message: `SOURCE_FAULT: The SQL or a file of a source has a fault. The old values stay. The log has the details. The job ${id} has the details.`,
    });
    expect(places(end).outputs).toEqual([]);
  });

  it('carry the API key as a bearer token, of a file too, and are counted', async () => {
    writeFileSync(join(folder, 'key'), 'sk-of-a-file\n');
    await serve({
      FEATUREGRAPH_OPENLINEAGE_API_KEY: '',
      FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE: join(folder, 'key'),
      FEATUREGRAPH_OPENLINEAGE_NAMESPACE: 'prod',
    });
    const { end } = await run('runMonitor', { featurestore: 'shop', monitor: 'baskets' });
    expect(end.job.namespace).toBe('prod');
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill('Bearer sk-of-a-file'));
    const metrics = async () => (await fetch(gateway.metricsUrl!)).text();
    await until(async () => (await metrics()).includes('featuregraph_lineage_events_total{result="sent"} 2'));
    expect(await metrics()).toContain('featuregraph_lineage_events_waiting 0');
  });

  it('wait on disk while the server is away, and jobs do not', async () => {
    server.statuses = Array(1_000).fill(503);
    await serve();
    const id = await start('runMonitor', { featurestore: 'shop', monitor: 'baskets' });
    await until(async () => {
      const { data } = await askAlone(gateway.url, `{ job(id: "jobs/${id}") { state } }`);
      return data.job.state === 'SUCCEEDED';
    });
    await gateway.stop();
    expect(new Set(received().map(({ eventType }) => eventType))).toEqual(new Set(['START']));
    server.statuses = [];
    server.received.length = 0;
    await serve();
    await until(() => eventsOf(id).length >= 2);
    expect(eventsOf(id).map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
  });

  it('of which the server refuses one are not held up by it', async () => {
    server.statuses = [422];
    await serve();
    const id = await start('runMonitor', { featurestore: 'shop', monitor: 'baskets' });
    await until(() => eventsOf(id).length >= 2);
    expect(eventsOf(id).map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
  });
});
