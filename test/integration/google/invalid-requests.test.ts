import { v1 } from '@google-cloud/aiplatform';
import { Bigtable, v2 } from '@google-cloud/bigtable';
import { credentials, status as CODE } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { DATASET, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { startStrictBigtable, type StrictBigtable } from '../../support/google/strict-bigtable.js';
import { BatchPredictionWorld } from '../../support/google/vertex/batch-prediction-jobs.js';
import { FeatureViewWorld } from '../../support/google/vertex/feature-views.js';
import { LegacyWorld } from '../../support/google/vertex/legacy-featurestores.js';
import { startVertexServer, type VertexServer } from '../../support/google/vertex-server.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';

/**
 * Requests that Google Cloud refuses, sent by Google's own clients to the test servers. A test server that takes one of
 * them would let the gateway send it. limits.ts says where each limit comes from.
 */
const PLACE = { project: 'demo-project', location: 'europe-west4' };
const ROOT = `projects/${PLACE.project}/locations/${PLACE.location}`;
const MODEL = `${ROOT}/models/1`;
const NOW = 1_000_000_000_000_000n;

type StatusName = Exclude<keyof typeof CODE, 'OK'>;

const JOB = {
  displayName: 'June',
  model: MODEL,
  inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: ['gs://files/in.jsonl'] } },
  outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: 'gs://files/out' } },
  dedicatedResources: { machineSpec: { machineType: 'n1-standard-4' }, startingReplicaCount: 1, maxReplicaCount: 1 },
};
const onMachine = (machineType: string, acceleratorType?: string, acceleratorCount?: number) => ({
  dedicatedResources: {
    ...JOB.dedicatedResources,
    machineSpec: { machineType, ...(acceleratorType === undefined ? {} : { acceleratorType, acceleratorCount }) },
  },
});

describe('Vertex AI refuses', () => {
  let server: VertexServer;
  let jobs: v1.JobServiceClient;
  let values: v1.FeaturestoreOnlineServingServiceClient;
  let views: v1.FeatureOnlineStoreServiceClient;
  beforeAll(async () => {
    const legacy = new LegacyWorld(PLACE, () => NOW);
    const viewWorld = new FeatureViewWorld(PLACE, () => NOW);
    legacy.addFeaturestore('shop');
    legacy.addFeaturestore('idle', { onlineServingConfig: { fixedNodeCount: 0 } });
    for (const featurestore of ['shop', 'idle']) {
      legacy.addEntityType(featurestore, 'customer', { features: { name: 'STRING', orders: 'INT64' } });
    }
    viewWorld.addOnlineStore('serving');
    viewWorld.addView('serving', 'customers', { features: { orders: 'INT64' } });
    const predictions = new BatchPredictionWorld(PLACE, new Set([MODEL]));
    const services = [...legacy.services(), ...viewWorld.services(), ...predictions.services()];
    server = await startVertexServer(PLACE, services);
    jobs = new v1.JobServiceClient(server.clientOptions);
    values = new v1.FeaturestoreOnlineServingServiceClient(server.clientOptions);
    views = new v1.FeatureOnlineStoreServiceClient(server.clientOptions);
  });
  afterAll(async () => {
    await Promise.all([jobs.close(), values.close(), views.close()]);
    server.stop();
  });

  it('takes the job that the others differ from', async () => {
    const [job] = await jobs.createBatchPredictionJob({ parent: ROOT, batchPredictionJob: JOB });
    expect(job.state).toBe('JOB_STATE_PENDING');
  });

  it.each<[string, object, StatusName]>([
    ['a machine that is none', onMachine('banana'), 'INVALID_ARGUMENT'],
    ['a size of a machine that there is not', onMachine('n1-standard-3'), 'INVALID_ARGUMENT'],
    ['an accelerator of another machine', onMachine('g2-standard-8', 'NVIDIA_TESLA_T4', 1), 'INVALID_ARGUMENT'],
    ['an accelerator that a machine comes with', onMachine('n1-standard-8', 'NVIDIA_L4', 1), 'INVALID_ARGUMENT'],
    [
      'an accelerator on a machine that takes none',
      onMachine('e2-standard-4', 'NVIDIA_TESLA_T4', 1),
      'INVALID_ARGUMENT',
    ],
    ['a count of accelerators that there is not', onMachine('n1-standard-8', 'NVIDIA_TESLA_T4', 3), 'INVALID_ARGUMENT'],
    ['more accelerators than the machine has', onMachine('a2-highgpu-1g', 'NVIDIA_TESLA_A100', 2), 'INVALID_ARGUMENT'],
    ['an accelerator without a count', onMachine('n1-standard-8', 'NVIDIA_TESLA_T4', 0), 'INVALID_ARGUMENT'],
    ['a display name of 200 characters', { displayName: 'x'.repeat(200) }, 'INVALID_ARGUMENT'],
    ['no display name', { displayName: '' }, 'INVALID_ARGUMENT'],
    [
      '65 labels',
      { labels: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${at}`, 'x'])) },
      'INVALID_ARGUMENT',
    ],
    ['a label in capitals', { labels: { Team: 'x' } }, 'INVALID_ARGUMENT'],
    ['a label of 64 characters', { labels: { team: 'x'.repeat(64) } }, 'INVALID_ARGUMENT'],
    ['a model that there is not', { model: `${ROOT}/models/2` }, 'NOT_FOUND'],
    ['a model of another region', { model: MODEL.replace('europe-west4', 'us-central1') }, 'INVALID_ARGUMENT'],
    ['a model of another project', { model: MODEL.replace('demo-project', 'other') }, 'PERMISSION_DENIED'],
    ['a table as a file', { inputConfig: { ...JOB.inputConfig, instancesFormat: 'bigquery' } }, 'INVALID_ARGUMENT'],
    [
      'a file that is not in Cloud Storage',
      { inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: ['/in.jsonl'] } } },
      'INVALID_ARGUMENT',
    ],
    ['a format that there is not', { inputConfig: { ...JOB.inputConfig, instancesFormat: 'xml' } }, 'INVALID_ARGUMENT'],
    [
      'included and excluded fields',
      { instanceConfig: { includedFields: ['a'], excludedFields: ['b'] } },
      'INVALID_ARGUMENT',
    ],
    ['an instance type that there is not', { instanceConfig: { instanceType: 'list' } }, 'INVALID_ARGUMENT'],
    ['no machines for a model that needs them', { dedicatedResources: null }, 'INVALID_ARGUMENT'],
    [
      'less than one replica',
      { dedicatedResources: { ...JOB.dedicatedResources, startingReplicaCount: 0 } },
      'INVALID_ARGUMENT',
    ],
    ['a batch of less than nothing', { manualBatchTuningParameters: { batchSize: -1 } }, 'INVALID_ARGUMENT'],
    ['a state that only the server sets', { createTime: { seconds: 1 } }, 'INVALID_ARGUMENT'],
    [
      'explanations in CSV',
      {
        generateExplanation: true,
        outputConfig: { predictionsFormat: 'csv', gcsDestination: { outputUriPrefix: 'gs://files/out' } },
      },
      'INVALID_ARGUMENT',
    ],
  ])('a job with %s', async (_title, change, code) => {
    const created = jobs.createBatchPredictionJob({ parent: ROOT, batchPredictionJob: { ...JOB, ...change } });
    await expect(created).rejects.toMatchObject({ code: CODE[code] });
  });

  it('a job of another region, a job that there is not, and a filter that is none', async () => {
    const parent = ROOT.replace('europe-west4', 'us-central1');
    await expect(jobs.createBatchPredictionJob({ parent, batchPredictionJob: JOB })).rejects.toMatchObject({
      code: CODE.INVALID_ARGUMENT,
    });
    const name = `${ROOT}/batchPredictionJobs/7`;
    await expect(jobs.cancelBatchPredictionJob({ name })).rejects.toMatchObject({ code: CODE.NOT_FOUND });
    const listed = jobs.listBatchPredictionJobs({ parent: ROOT, filter: 'labels' });
    await expect(listed).rejects.toMatchObject({ code: CODE.INVALID_ARGUMENT });
  });

  const write = (featureValues: object, entityType = 'shop/entityTypes/customer') =>
    values.writeFeatureValues({
      entityType: `${ROOT}/featurestores/${entityType}`,
      payloads: [{ entityId: 'c1', featureValues: featureValues as never }],
    });
  const at = (seconds: number) => ({ int64Value: 1, metadata: { generateTime: { seconds } } });

  it.each<[string, () => Promise<unknown>, StatusName]>([
    ['of 3 MB', () => write({ name: { stringValue: 'x'.repeat(3_000_000) } }), 'INVALID_ARGUMENT'],
    ['of a feature that there is not', () => write({ other: { int64Value: 1 } }), 'NOT_FOUND'],
    ['of a value of another type', () => write({ orders: { stringValue: '1' } }), 'INVALID_ARGUMENT'],
    ['of a value that is too old', () => write({ orders: at(1_000_000_000 - 1826 * 86_400) }), 'INVALID_ARGUMENT'],
    ['of a value too far ahead', () => write({ orders: at(1_000_000_000 + 367 * 86_400) }), 'INVALID_ARGUMENT'],
    [
      'into a featurestore without nodes',
      () => write({ orders: at(1_000_000_000) }, 'idle/entityTypes/customer'),
      'FAILED_PRECONDITION',
    ],
    ['of an entity type that there is not', () => write({ orders: at(1) }, 'shop/entityTypes/other'), 'NOT_FOUND'],
  ])('a legacy write %s', async (_title, call, code) => {
    await expect(call()).rejects.toMatchObject({ code: CODE[code] });
  });

  it('a legacy read of 101 entities', async () => {
    const stream = values.streamingReadFeatureValues({
      entityType: `${ROOT}/featurestores/shop/entityTypes/customer`,
      entityIds: Array.from({ length: 101 }, (_, index) => `c${index}`),
      featureSelector: { idMatcher: { ids: ['*'] } },
    });
    const read = new Promise((resolve, reject) =>
      stream
        .on('error', reject)
        .on('data', () => undefined)
        .on('end', resolve),
    );
    await expect(read).rejects.toMatchObject({ code: CODE.INVALID_ARGUMENT });
  });

  it.each<[string, string, object, StatusName]>([
    ['a view that there is not', 'others', { key: 'c1' }, 'NOT_FOUND'],
    ['two parts for one id column', 'customers', { compositeKey: { parts: ['a', 'b'] } }, 'INVALID_ARGUMENT'],
    ['an empty entity id', 'customers', { key: '' }, 'INVALID_ARGUMENT'],
  ])('a fetch of %s', async (_title, view, dataKey, code) => {
    const featureView = `${ROOT}/featureOnlineStores/serving/featureViews/${view}`;
    await expect(views.fetchFeatureValues({ featureView, dataKey })).rejects.toMatchObject({ code: CODE[code] });
  });
});

describeWithBigtable('Bigtable refuses', () => {
  let emulator: BigtableEmulator;
  let strict: StrictBigtable;
  let client: v2.BigtableClient;
  let tableName: string;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    const { project, instance, table } = await createTable(emulator.endpoint);
    tableName = `projects/${project}/instances/${instance}/tables/${table}`;
    strict = await startStrictBigtable(emulator.endpoint, {
      default: { isTransactional: true },
      everywhere: { isTransactional: false },
    });
    const options = new Bigtable({ projectId: project, apiEndpoint: strict.endpoint, metricsEnabled: false }).options;
    client = new v2.BigtableClient({ ...options.BigtableClient, sslCreds: credentials.createInsecure() });
  });
  afterAll(async () => {
    await client.close();
    strict.stop();
    await emulator.stop();
  });

  const cell = (change: object = {}) => ({
    setCell: {
      familyName: 'f',
      columnQualifier: Buffer.from('a'),
      timestampMicros: 1000,
      value: Buffer.from('1'),
      ...change,
    },
  });
  const mutate = (change: object = {}) =>
    client.mutateRow({ tableName, rowKey: Buffer.from('r'), mutations: [cell()], ...change });
  const read = (change: object = {}) =>
    new Promise((resolve, reject) =>
      client
        .readRows({ tableName, rows: { rowKeys: [Buffer.from('r')] }, ...change })
        .on('error', reject)
        .on('data', () => undefined)
        .on('end', resolve),
    );

  it('takes the requests that the others differ from', async () => {
    await mutate();
    await expect(read()).resolves.toBeUndefined();
    await client.checkAndMutateRow({ tableName, rowKey: Buffer.from('r'), trueMutations: [cell()] });
  });

  it.each<[string, () => Promise<unknown>, StatusName]>([
    ['an app profile that there is not', () => read({ appProfileId: 'other' }), 'NOT_FOUND'],
    [
      'a conditional write over several clusters',
      () =>
        client.checkAndMutateRow({
          tableName,
          appProfileId: 'everywhere',
          rowKey: Buffer.from('r'),
          trueMutations: [cell()],
        }),
      'FAILED_PRECONDITION',
    ],
    ['a table that there is not', () => read({ tableName: `${tableName}-other` }), 'NOT_FOUND'],
    ['a row key of 4097 bytes', () => mutate({ rowKey: Buffer.alloc(4097, 'r') }), 'INVALID_ARGUMENT'],
    ['an empty row key', () => mutate({ rowKey: Buffer.alloc(0) }), 'INVALID_ARGUMENT'],
    [
      'a qualifier of 16,385 bytes',
      () => mutate({ mutations: [cell({ columnQualifier: Buffer.alloc(16_385, 'a') })] }),
      'INVALID_ARGUMENT',
    ],
    ['a time with microseconds', () => mutate({ mutations: [cell({ timestampMicros: 1001 })] }), 'INVALID_ARGUMENT'],
    [
      'more than 100,000 changes',
      () => mutate({ mutations: Array.from({ length: 100_001 }, () => cell()) }),
      'INVALID_ARGUMENT',
    ],
    [
      'a filter of 30 kB',
      () => read({ filter: { columnQualifierRegexFilter: Buffer.alloc(30_000, 'a') } }),
      'INVALID_ARGUMENT',
    ],
  ])('%s', async (_title, call, code) => {
    await expect(call()).rejects.toMatchObject({ code: CODE[code] });
  });
});

describeWithGoogleSql('BigQuery refuses', () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
    await post(`datasets/${DATASET}/tables`, table('orders', { requirePartitionFilter: true }));
  });
  afterAll(async () => server.stop());

  const post = async (path: string, body: object) => {
    const url = `${server.endpoint}/bigquery/v2/projects/${PROJECT}/${path}`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    const { error } = (await response.json()) as { error?: { errors: { reason: string }[] } };
    return [response.status, error?.errors[0]?.reason];
  };
  const column = (name: string, type: string) => ({ name, type });
  const table = (tableId: string, change: object = {}) => ({
    tableReference: { projectId: PROJECT, datasetId: DATASET, tableId },
    schema: { fields: [column('id', 'STRING'), column('time', 'TIMESTAMP'), column('price', 'FLOAT64')] },
    timePartitioning: { type: 'DAY', field: 'time' },
    ...change,
  });
  let jobs = 0;
  const query = (change: object, configuration: object = {}, location = 'EU') => ({
    jobReference: { projectId: PROJECT, jobId: `job_${(jobs += 1)}`, location },
    configuration: { query: { query: 'SELECT 1', useLegacySql: false, ...change }, ...configuration },
  });
  const fromOrders = { query: `SELECT id FROM \`${PROJECT}.${DATASET}.orders\`` };
  const parameter = (index: number) => ({
    name: `p${index}`,
    parameterType: { type: 'INT64' },
    parameterValue: { value: '1' },
  });

  it('takes the requests that the others differ from', async () => {
    expect(await post('jobs', query({}))).toEqual([200, undefined]);
    expect(await post(`datasets/${DATASET}/tables`, table('taken'))).toEqual([200, undefined]);
  });

  it.each<[string, string, () => object, number, string]>([
    [
      'clustering by a FLOAT64',
      `datasets/${DATASET}/tables`,
      () => table('a', { clustering: { fields: ['price'] } }),
      400,
      'invalid',
    ],
    [
      'clustering by five columns',
      `datasets/${DATASET}/tables`,
      () => table('b', { clustering: { fields: ['id', 'id', 'id', 'id', 'id'] } }),
      400,
      'invalid',
    ],
    [
      'a column with a reserved name',
      `datasets/${DATASET}/tables`,
      () => table('c', { schema: { fields: [column('_table_x', 'STRING'), column('time', 'TIMESTAMP')] } }),
      400,
      'invalid',
    ],
    [
      'two columns of one name',
      `datasets/${DATASET}/tables`,
      () => table('d', { schema: { fields: [column('time', 'TIMESTAMP'), column('Time', 'TIMESTAMP')] } }),
      400,
      'invalid',
    ],
    [
      'a column name of 301 characters',
      `datasets/${DATASET}/tables`,
      () => table('e', { schema: { fields: [column('x'.repeat(301), 'STRING'), column('time', 'TIMESTAMP')] } }),
      400,
      'invalid',
    ],
    [
      'a dataset that there is not',
      'datasets/other/tables',
      () => table('f', { tableReference: { projectId: PROJECT, datasetId: 'other', tableId: 'f' } }),
      404,
      'notFound',
    ],
    ['a query without the partition filter', 'jobs', () => query(fromOrders), 400, 'invalidQuery'],
    ['a query in another location', 'jobs', () => query(fromOrders, {}, 'US'), 404, 'notFound'],
    [
      'a query of more than 1 MB',
      'jobs',
      () => query({ query: `SELECT 1 -- ${'x'.repeat(1_048_576)}` }),
      400,
      'invalidQuery',
    ],
    [
      '10,001 parameters',
      'jobs',
      () =>
        query({ parameterMode: 'NAMED', queryParameters: Array.from({ length: 10_001 }, (_, at) => parameter(at)) }),
      400,
      'invalid',
    ],
    ['a label of 64 characters', 'jobs', () => query({}, { labels: { team: 'x'.repeat(64) } }), 400, 'invalid'],
    [
      '65 labels of a job',
      'jobs',
      () => query({}, { labels: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${at}`, 'x'])) }),
      400,
      'invalid',
    ],
    [
      'an insertId of 129 characters',
      `datasets/${DATASET}/tables/taken/insertAll`,
      () => ({ rows: [{ insertId: 'x'.repeat(129), json: {} }] }),
      400,
      'invalid',
    ],
    [
      'rows of more than 10 MB',
      `datasets/${DATASET}/tables/taken/insertAll`,
      () => ({ rows: [{ json: { id: 'x'.repeat(10_000_001) } }] }),
      413,
      'uploadTooLarge',
    ],
  ])('%s', async (_title, path, body, status, reason) => {
    expect(await post(path, body())).toEqual([status, reason]);
  });
});
