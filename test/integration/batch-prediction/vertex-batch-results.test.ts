import { BigQuery } from '@google-cloud/bigquery';
import { Storage } from '@google-cloud/storage';
import { PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { BatchPredictionJobRecord, BatchPredictionSpec } from '../../../batch-prediction/batch-predictions.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { vertexJobRequest } from '../../../batch-prediction/vertex/job-request.js';
import type { VertexOutput } from '../../../batch-prediction/vertex/vertex-job.js';
import type { VertexResultStores } from '../../../batch-prediction/vertex/read-vertex-results.js';
import { VertexBatchPredictionHandler } from '../../../batch-prediction/vertex/vertex-batch-prediction-handler.js';
import { VERTEX_BATCH_PREDICTION } from '../../../batch-prediction/vertex/vertex-batch-prediction-job.js';
import { VertexBatchPredictions } from '../../../batch-prediction/vertex/vertex-batch-predictions.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { DATASET, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { startCloudStorageServer, type CloudStorageServer } from '../../support/google/cloud-storage-server.js';
import { vertexDelayModel } from '../../support/google/vertex-delay-model.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { jobRecord } from '../../support/job-record.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const SPEC: BatchPredictionSpec = {
  model: 'delay',
  input: { kind: 'TABLE', table: `${PROJECT}.${DATASET}.flights` },
  output: { format: 'TABLE', location: `${PROJECT}.${DATASET}` },
  parameters: null,
  resources: {
    machineType: null,
    acceleratorType: null,
    acceleratorCount: null,
    startingReplicaCount: 1,
    maxReplicaCount: null,
    batchSize: 8,
    generateExplanation: false,
  },
  retryOf: null,
};

const MODEL = vertexDelayModel(PROJECT);

/** What is started is looked at before it runs. */
class IdleHandler extends VertexBatchPredictionHandler {
  override run(): Promise<never> {
    return new Promise(() => undefined);
  }
}

const openPredictions = (stores: VertexResultStores): VertexBatchPredictions => {
  const dependencies = { getModel: () => MODEL, ...stores };
  const handler = new IdleHandler({
    ...dependencies,
    clientFor: () => Promise.reject(new Error('no job runs')),
    pollMs: { first: 1, longest: 1 },
    onTransientError: () => undefined,
  });
  const engine = new JobEngine({
    store: new LmdbJobStore(temporaryFolder()),
    handlers: [handler],
    clock: () => 0n,
    newId: () => 'retry',
    maxRunning: 1,
    onError: () => undefined,
  });
  return new VertexBatchPredictions(engine, handler, dependencies);
};

/** A job that has ended, and says that it wrote there. */
const ended = (output: VertexOutput, failed = 1n) =>
  jobRecord({
    kind: VERTEX_BATCH_PREDICTION.kind,
    handler: VERTEX_BATCH_PREDICTION.handler,
    state: 'PARTIALLY_SUCCEEDED',
    spec: { ...SPEC, modelSnapshot: MODEL },
    progress: { completed: 5n, failed, total: 5n + failed },
    result: { output },
  }) as BatchPredictionJobRecord;

const UNREADABLE = {
  name: 'AppError',
  code: 'STORE_UNAVAILABLE',
  message: expect.not.stringMatching(/test-project|features|predictions|secret|127\.0\.0\.1/) as string,
  details: {},
};

describeWithGoogleSql('results of batch prediction in BigQuery', () => {
  let server: BigQueryServer;
  const job = ended({ kind: 'BIGQUERY', dataset: `bq://${PROJECT}.${DATASET}`, table: 'predictions_2026' });

  beforeAll(async () => {
    server = await startBigQuery();
    const instance = [
      { name: 'flight', type: 'INTEGER' },
      { name: 'at', type: 'TIMESTAMP' },
      { name: 'note', type: 'STRING' },
    ];
    const prediction = [
      { name: 'delay', type: 'FLOAT' },
      { name: 'tokens', type: 'INTEGER' },
    ];
    const table = (tableId: string, fields: object[]) =>
      server.tables.create(PROJECT, DATASET, {
        tableReference: { projectId: PROJECT, datasetId: DATASET, tableId },
        schema: { fields },
      });
    const instanceOf = (flight: number) => [
      { int64_value: flight === 3 ? '9007199254740993' : String(flight) },
      { timestamp_value: { seconds: '1000000000', nanos: 123_456_000 } },
      { string_value: 'x'.repeat(100) },
    ];
    const predictions = table('predictions_2026', [
      ...instance,
      { name: 'prediction', type: 'RECORD', fields: prediction },
    ]);
    for (const n of [1, 2, 3, 4, 5]) {
      const field = [{ double_value: n * 10 }, { int64_value: String(n) }];
      predictions.rows.push([...instanceOf(n), { struct_value: { field } }]);
    }
    const status = [
      { name: 'code', type: 'INTEGER' },
      { name: 'message', type: 'STRING' },
    ];
    const errors = table('errors_2026', [...instance, { name: 'errors', type: 'RECORD', fields: status }]);
    const field = [{ int64_value: '3' }, { string_value: `bad row in bq://${PROJECT}.${DATASET}.flights` }];
    errors.rows.push([...instanceOf(6), { struct_value: { field } }]);
    const scores = table('scores', [...instance, { name: 'prediction', type: 'RECORD', fields: prediction }]);
    scores.rows.push(predictions.rows[0]!);
    const texts = table('predictions', [instance[0]!, { name: 'prediction', type: 'STRING' }]);
    texts.rows.push([{ int64_value: '1' }, { string_value: '{"delay": 1.5, "id": 9007199254740993}' }]);
    texts.rows.push([{ int64_value: '2' }, { string_value: 'late' }]);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    server.faults.clear();
    server.tables.maxPageBytes = 10_000_000;
  });

  const open = () => {
    return openPredictions({
      storage: () => Promise.reject(new Error('these jobs write tables')),
      bigquery: async () =>
        new BigQuery({ projectId: PROJECT, apiEndpoint: server.endpoint, retryOptions: { maxRetryDelay: 0.001 } }),
    });
  };

  it('are read page by page, with every digit', async () => {
    const predictions = open();
    const first = await predictions.predictions(job, { after: null, limit: 2 });
    expect(first.map(({ instance, instanceNumber }) => [instance.flight, instanceNumber])).toEqual([
      ['1', 0n],
      ['2', 1n],
    ]);
    const [third, ...more] = await predictions.predictions(job, { after: 1n, limit: 2 });
    expect(third).toEqual({
      instanceNumber: 2n,
      instance: { flight: '9007199254740993', at: '2001-09-09T01:46:40.123456Z', note: 'x'.repeat(100) },
      prediction: { delay: 30, tokens: '3' },
      explanation: null,
      attributions: null,
    });
    expect(more).toHaveLength(1);
    expect(await predictions.predictions(job, { after: 4n, limit: 2 })).toEqual([]);
    expect(await predictions.predictions(job, { after: null, limit: 0 })).toEqual([]);
    expect(server.jobs.all.size).toBe(0);
  });

  it('are whole when BigQuery ends its pages early', async () => {
    const predictions = open();
    server.tables.maxPageBytes = 300;
    server.requests.length = 0;
    const rows = await predictions.predictions(job, { after: 0n, limit: 4 });
    expect(rows.map(({ instanceNumber }) => instanceNumber)).toEqual([1n, 2n, 3n, 4n]);
    expect(server.requests.filter((request) => request.endsWith('/data')).length).toBeGreaterThan(1);
    expect(await predictions.metrics(job, [{ metric: 'COUNT', field: 'delay', over: null }])).toEqual([5]);
  });

  it('have the failed instances with their reasons, without names', async () => {
    expect(await open().failures(job, { after: null, limit: 5 })).toEqual([
      {
        instanceNumber: 0n,
        instance: { flight: '6', at: '2001-09-09T01:46:40.123456Z', note: 'x'.repeat(100) },
        code: '3',
        message: 'bad row in [resource]',
      },
    ]);
  });

  it('have no failed instances when there is no table of them', async () => {
    const clean = ended({ kind: 'BIGQUERY', dataset: `bq://${PROJECT}.${DATASET}`, table: 'predictions' }, 0n);
    expect(await open().failures(clean, { after: null, limit: 5 })).toEqual([]);
    const texts = await open().predictions(clean, { after: null, limit: 5 });
    expect(texts.map(({ prediction }) => prediction)).toEqual([
      { delay: 1.5, id: '9007199254740993' },
      { prediction: 'late' },
    ]);
  });

  it('are aggregated', async () => {
    const asked = [
      { metric: 'AVG', field: 'delay', over: null },
      { metric: 'VARIANCE', field: 'delay', over: null },
      { metric: 'P50', field: 'tokens', over: null },
      { metric: 'SUM', field: 'delay', over: 'tokens' },
    ] as const;
    expect(await open().metrics(job, asked)).toEqual([30, 250, 3, 50]);
  });

  it('are what a job on the failed instances alone is made of', async () => {
    const origin = { createdBy: null, idempotencyKey: null };
    const { spec } = await open().retryFailed(job, origin);
    expect(vertexJobRequest({ displayName: 'x', labels: {}, model: { location: 'x' }, spec })).toMatchObject({
      inputConfig: {
        instancesFormat: 'bigquery',
        bigquerySource: { inputUri: `bq://${PROJECT}.${DATASET}.errors_2026` },
      },
      instanceConfig: { excludedFields: ['errors'] },
    });
  });

  it.each([
    ['scores', false],
    // Called as Vertex AI calls its own, beside which another job may have left a table of failures.
    ['predictions_2026', true],
  ])(
    'of a table that a client named (%s) are read, but for the failures, and say so',
    async (table, isNamedByClient) => {
      const output = { kind: 'BIGQUERY', dataset: `bq://${PROJECT}.${DATASET}`, table, isNamedByClient } as const;
      const named = ended(output);
      const [first] = await open().predictions(named, { after: null, limit: 1 });
      expect(first?.prediction).toEqual({ delay: 10, tokens: '1' });
      const refused = { code: 'BAD_USER_INPUT', details: { field: 'output.location' } };
      await expect(open().failures(named, { after: null, limit: 5 })).rejects.toMatchObject(refused);
      const retry = open().retryFailed(named, { createdBy: null, idempotencyKey: null });
      await expect(retry).rejects.toMatchObject(refused);
    },
  );

  it('cannot be tried again when no failed instances were written', async () => {
    const lost = ended({ kind: 'BIGQUERY', dataset: `bq://${PROJECT}.${DATASET}`, table: 'predictions' });
    const retry = open().retryFailed(lost, { createdBy: null, idempotencyKey: null });
    await expect(retry).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'job' } });
  });

  it.each(['backendError', 'rateLimitExceeded', 'cutBefore', 'cutAfter'] as const)(
    'that meet a %s which does not end are STORE_UNAVAILABLE, in words that name nothing',
    async (kind) => {
      const predictions = open();
      server.faults.inject(kind, /GET/, 1000);
      const range = { after: null, limit: 5 };
      const origin = { createdBy: null, idempotencyKey: null };
      for (const attempt of [
        () => predictions.predictions(job, range),
        () => predictions.failures(job, range),
        () => predictions.metrics(job, [{ metric: 'COUNT', field: 'delay', over: null }]),
        () => predictions.retryFailed(job, origin),
      ]) {
        await expect(attempt()).rejects.toMatchObject(UNREADABLE);
      }
    },
  );

  it('outlast a service that is away for a moment', async () => {
    server.faults.inject('backendError', /\/data/, 2);
    expect(await open().predictions(job, { after: null, limit: 5 })).toHaveLength(5);
  });
});

describe('results of batch prediction in Cloud Storage', () => {
  const open = async () => {
    const storage: CloudStorageServer = await startCloudStorageServer('secret-files');
    onTestFinished(() => storage.stop());
    return {
      storage,
      predictions: openPredictions({
        storage: async () =>
          new Storage({
            apiEndpoint: storage.apiEndpoint,
            projectId: PROJECT,
            authClient: new PassThroughClient() as never,
            retryOptions: { autoRetry: false },
          }),
        bigquery: () => Promise.reject(new Error('these jobs write files')),
      }),
    };
  };
  const range = { after: null, limit: 5 };

  it('that are in a bucket which is gone are STORE_UNAVAILABLE, in words that name nothing', async () => {
    const { predictions } = await open();
    const job = ended({ kind: 'CLOUD_STORAGE', folder: 'gs://secret-bucket/predictions' });
    await expect(predictions.predictions(job, range)).rejects.toMatchObject(UNREADABLE);
    await expect(predictions.failures(job, range)).rejects.toMatchObject(UNREADABLE);
    await expect(predictions.retryFailed(job, { createdBy: null, idempotencyKey: null })).rejects.toMatchObject(
      UNREADABLE,
    );
  });

  it('that are cut off in a line are not given as if they were whole', async () => {
    const { predictions, storage } = await open();
    storage.objects.set('p/prediction.results-0', '{"instance": {}, "prediction": 1}\n{"instance": {"secret');
    const job = ended({ kind: 'CLOUD_STORAGE', folder: 'gs://secret-files/p' });
    await expect(predictions.predictions(job, range)).rejects.toMatchObject(UNREADABLE);
  });

  it('that break off on their way are not given as if they were whole', async () => {
    const { predictions, storage } = await open();
    storage.objects.set('p/prediction.results-0', '{"instance": {}, "prediction": 1}\n'.repeat(1000));
    storage.broken.add('p/prediction.results-0');
    const job = ended({ kind: 'CLOUD_STORAGE', folder: 'gs://secret-files/p' });
    const metrics = predictions.metrics(job, [{ metric: 'COUNT', field: 'prediction', over: null }]);
    await expect(metrics).rejects.toMatchObject(UNREADABLE);
  });

  const line = (fields: object): string => `${JSON.stringify(fields)}\n`;
  const job = ended({ kind: 'CLOUD_STORAGE', folder: 'gs://secret-files/p' });

  it.each([
    ['predictions_0001.jsonl', 'predictions_0002.jsonl', 'errors_0001.jsonl'],
    ['prediction.results-00000-of-00002', 'prediction.results-00001-of-00002', 'prediction.errors-00000-of-00001'],
  ])('are found by the names of either kind of model (%s), page after page', async (one, other, errors) => {
    const { predictions, storage } = await open();
    const row = (n: number) =>
      line({
        instance: { n },
        prediction: { y: n },
        explanation: { attributions: [{ outputName: 'y', featureAttributions: { n } }] },
      });
    storage.objects.set(`p/${other}`, row(3) + row(4).trimEnd());
    storage.objects.set(`p/${one}`, row(0) + row(1) + row(2));
    storage.objects.set(`p/${errors}`, line({ instance: { n: 5 }, error: { code: 3, message: 'no' } }));
    storage.objects.set('p/prediction.errors_stats-00000-of-00001', '');
    storage.objects.set('p/featuregraph-retry/job.jsonl', line({ n: 5 }));
    storage.objects.set('p2/predictions_0001.jsonl', row(9));
    const found: unknown[] = [];
    for (let after: bigint | null = null; ;) {
      const page = await predictions.predictions(job, { after, limit: 2 });
      found.push(...page);
      if (page.length === 0) break;
      after = page.at(-1)!.instanceNumber;
    }
    expect(found).toEqual(
      [0, 1, 2, 3, 4].map((n) => ({
        instanceNumber: BigInt(n),
        instance: { n },
        prediction: { y: n },
        explanation: { attributions: [{ outputName: 'y', featureAttributions: { n } }] },
        attributions: [
          {
            outputName: 'y',
            outputDisplayName: null,
            outputIndex: [],
            baselineOutputValue: null,
            instanceOutputValue: null,
            approximationError: null,
            featureAttributions: { n },
          },
        ],
      })),
    );
    expect(await predictions.failures(job, range)).toEqual([
      { instanceNumber: 0n, instance: { n: 5 }, code: '3', message: 'no' },
    ]);
  });

  it('have every digit of a whole number, also in what is tried again', async () => {
    const { predictions, storage } = await open();
    const digits = '{"id": 9007199254740993, "small": 7, "share": 0.1234567890123456}';
    storage.objects.set('p/predictions_0001.jsonl', `{"instance": ${digits}, "prediction": -9223372036854775808}\n`);
    storage.objects.set('p/errors_0001.jsonl', `{"instance": ${digits}, "error": {"code": 3}}\n`);
    const [row] = await predictions.predictions(job, range);
    expect(row).toMatchObject({
      instance: { id: '9007199254740993', small: 7, share: 0.1234567890123456 },
      prediction: { prediction: '-9223372036854775808' },
    });
    await predictions.retryFailed(job, { createdBy: null, idempotencyKey: null });
    expect(storage.objects.get('p/featuregraph-retry/job.jsonl')).toBe(
      '{"id":9007199254740993,"small":7,"share":0.1234567890123456}\n',
    );
  });

  it('have lists for instances where the input was CSV, and try them again as they are', async () => {
    const { predictions, storage } = await open();
    storage.objects.set('p/errors_0001.jsonl', line({ instance: ['a', 1], error: { code: 3, message: 'no' } }));
    expect(await predictions.failures(job, range)).toMatchObject([{ instance: { instance: ['a', 1] } }]);
    const { spec } = await predictions.retryFailed(job, { createdBy: null, idempotencyKey: null });
    expect(storage.objects.get('p/featuregraph-retry/job.jsonl')).toBe('["a",1]\n');
    const asked = vertexJobRequest({ displayName: 'x', labels: {}, model: { location: 'x' }, spec });
    // An instance type of object would refuse a line that is a list.
    expect(asked.instanceConfig).toBeUndefined();
  });

  it('are not tried again when no failed instances were written', async () => {
    const { predictions } = await open();
    const retry = predictions.retryFailed(job, { createdBy: null, idempotencyKey: null });
    await expect(retry).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'job' } });
  });

  it('are read only as far as a page needs', async () => {
    const { predictions, storage } = await open();
    const text = 'x'.repeat(1000);
    storage.objects.set('p/predictions_0001.jsonl', line({ instance: {}, prediction: { text } }).repeat(64_000));
    expect(await predictions.predictions(job, { after: 9n, limit: 2 })).toHaveLength(2);
    await until(() => storage.downloads.length > 0);
    expect(storage.downloads).toEqual([{ name: 'p/predictions_0001.jsonl', isWhole: false }]);
  });

  it('have reasons in which the names of the job’s own resources are left out, however they are written', async () => {
    const { predictions, storage } = await open();
    const message = `a row of ${DATASET} (${PROJECT}) is not for secret-files: amount must be above 0`;
    storage.objects.set('p/errors_0001.jsonl', line({ instance: {}, error: { code: 3, message } }));
    const [failure] = await predictions.failures(job, range);
    expect(failure?.message).toBe('a row of [resource] ([resource]) is not for [resource]: amount must be above 0');
  });

  it('start with what went wrong with whole parts of the input', async () => {
    const { predictions, storage } = await open();
    storage.objects.set(
      'p/errors_0001.jsonl',
      [1, 2].map((n) => line({ instance: { n }, error: { code: 3 } })).join(''),
    );
    const partialFailures = ['one', 'two'].map((message) => ({ code: '7', message }));
    const partly = { ...job, result: { ...job.result!, partialFailures } } as BatchPredictionJobRecord;
    const pages: unknown[] = [];
    for (const after of [null, 0n, 1n, 2n, 3n]) {
      pages.push(
        (await predictions.failures(partly, { after, limit: 1 })).map(({ instance, code }) => [instance, code]),
      );
    }
    expect(pages).toEqual([[[{}, '7']], [[{}, '7']], [[{ n: 1 }, '3']], [[{ n: 2 }, '3']], []]);
  });
});
