import { Storage } from '@google-cloud/storage';
import { PassThroughClient } from 'google-auth-library';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../errors/app-error.js';
import type {
  BatchInput,
  BatchPredictionRequest,
  BatchPredictionSpec,
} from '../../../batch-prediction/batch-predictions.js';
import { BigQuery } from '@google-cloud/bigquery';
import { jobCostSoFar } from '../../../costs/job-cost.js';
import { JobAccounting } from '../../../costs/job-accounting.js';
import { openTestCosts } from '../../support/costs.js';
import { startTableMetadataServer } from '../../support/google/table-metadata-server.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import { isTerminalState } from '../../../datasources/job-store/job-state.js';
import { JobFailure } from '../../../jobs/job-failure.js';
import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { keyLabel, toVertexKey, withKeyLabels } from '../../../batch-prediction/vertex/job-labels.js';
import { vertexJobRequest } from '../../../batch-prediction/vertex/job-request.js';
import { VertexBatchPredictionHandler } from '../../../batch-prediction/vertex/vertex-batch-prediction-handler.js';
import { VertexBatchPredictions } from '../../../batch-prediction/vertex/vertex-batch-predictions.js';
import { VertexJobsClient } from '../../../batch-prediction/vertex/vertex-jobs-client.js';
import type { Model, VertexModelSettings } from '../../../datasources/registry/prediction-model.js';
import { VertexClients } from '../../../datasources/google/vertex/vertex-clients.js';
import { startCloudStorageServer, type CloudStorageServer } from '../../support/google/cloud-storage-server.js';
import { BatchPredictionWorld } from '../../support/google/vertex/batch-prediction-jobs.js';
import { vertexDelayModel } from '../../support/google/vertex-delay-model.js';
import { startVertexServer, type VertexServer } from '../../support/google/vertex-server.js';

const PLACE = { project: 'demo-project', location: 'europe-west4' };
const MODEL = vertexDelayModel(PLACE.project);
const MODEL_NAME = MODEL.location;

const SPEC: BatchPredictionSpec = {
  model: 'delay',
  input: { kind: 'FILES', files: ['gs://demo-files/flights.jsonl'], format: 'JSONL' },
  output: { format: 'JSONL', location: 'gs://demo-files/predictions' },
  parameters: { token_budget: 200, modes: ['a', null, true] },
  resources: {
    machineType: 'n1-standard-8',
    acceleratorType: 'NVIDIA_TESLA_T4',
    acceleratorCount: 1,
    startingReplicaCount: 5,
    maxReplicaCount: null,
    batchSize: 8,
    generateExplanation: false,
  },
  retryOf: null,
};

const REQUEST: BatchPredictionRequest = {
  displayName: 'June',
  labels: { team: 'operations' },
  model: MODEL,
  spec: SPEC,
  createdBy: null,
  idempotencyKey: 'june-1',
};

const SUCCEEDED = {
  state: 'JOB_STATE_SUCCEEDED',
  completionStats: { successfulCount: '3', failedCount: '0', incompleteCount: '0' },
  resourcesConsumed: { replicaHours: 0.5 },
  outputInfo: { gcsOutputDirectory: 'gs://demo-files/predictions/prediction-delay-2026', output_location: 'x' },
};

/** The first client takes seconds to make, on a busy machine more. */
const eventually = <T>(see: () => T) => expect.poll(see, { timeout: 30_000, interval: 10 });

describe('batch prediction on Vertex AI', () => {
  let folder: string;
  /** The one of a gateway: another number is another gateway. */
  let gateway = 0;
  let world: BatchPredictionWorld;
  let server: VertexServer;
  let storage: CloudStorageServer;
  let clients: VertexClients;
  let costs: Awaited<ReturnType<typeof openTestCosts>>;
  /** Of a table that is an input; these jobs write files. */
  let tables: Awaited<ReturnType<typeof startTableMetadataServer>>;
  let warehouse: BigQuery;
  let engine: JobEngine;
  let predictions: VertexBatchPredictions;
  /** Those of the registry. */
  const models = new Map<string, Model>();
  const troubles: unknown[] = [];

  const modelOf = (name: string, field = 'model'): Model => {
    const model = models.get(name);
    if (!model) throw new AppError('MODEL_NOT_FOUND', `There is no model "${name}".`, { field });
    return model;
  };

  const costSoFar = (job: JobRecord) => jobCostSoFar(costs.estimator, job.cost!, engine.replicaHours(job));

  const openEngine = (): void => {
    const jobs = (): Promise<VertexJobsClient> =>
      clients
        .jobs()
        .then(
          (client) =>
            new VertexJobsClient(
              client,
              { attemptMs: 500, totalMs: 4_000, retries: 3, pauseMs: 5 },
              { creations: 4, maxLookups: 4, pauseMs: 5 },
            ),
        );
    const dependencies = {
      getModel: modelOf,
      storage: async () =>
        new Storage({
          apiEndpoint: storage.apiEndpoint,
          projectId: 'demo-project',
          authClient: new PassThroughClient() as never,
        }),
      bigquery: async () => warehouse,
    };
    const handler = new VertexBatchPredictionHandler({
      ...dependencies,
      clientFor: jobs,
      pollMs: { first: 5, longest: 20 },
      onTransientError: (error) => troubles.push(error),
    });
    engine = new JobEngine({
      store: new LmdbJobStore(join(folder, `jobs-${gateway}`)),
      handlers: [handler],
      clock: () => 1_000_000_000_000_000n,
      costLookMs: 10,
      newId: () => `00000000-0000-7000-8000-${String(Date.now()).padStart(12, '0')}`,
      maxRunning: 4,
      accounting: new JobAccounting(costs, () => 1_000_000_000_000_000n),
      onError: (error) => {
        if (!(error instanceof JobFailure)) throw error;
      },
    });
    predictions = new VertexBatchPredictions(engine, handler, dependencies);
  };

  beforeEach(async () => {
    gateway = 1;
    models.clear();
    models.set(MODEL.name, MODEL);
    troubles.length = 0;
    folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
    costs = await openTestCosts({ folder: join(folder, 'costs') });
    tables = await startTableMetadataServer({
      'demo-project.work.instances': { type: 'TABLE', numRows: '20' },
      'demo-project.work.a_view': { type: 'VIEW' },
      'demo-project.work': { location: 'europe-west4' },
      'demo-project.far_away': { location: 'US' },
    });
    warehouse = new BigQuery({
      projectId: 'demo-project',
      apiEndpoint: tables.endpoint,
      authClient: new PassThroughClient() as never,
    });
    world = new BatchPredictionWorld(PLACE, new Set([MODEL_NAME]));
    server = await startVertexServer(PLACE, world.services());
    storage = await startCloudStorageServer('demo-files');
    clients = new VertexClients(PLACE.location, server.clientOptions);
    openEngine();
  });

  afterEach(async () => {
    await engine.stop();
    await clients.close();
    await costs.close();
    await tables.close();
    await storage.stop();
    server.stop();
    rmSync(folder, { recursive: true });
  });

  const created = async (): Promise<any> => {
    await eventually(() => world.jobs.size).toBe(1);
    return [...world.jobs.values()][0];
  };

  const ended = async (id: string): Promise<JobRecord> => {
    await eventually(async () => isTerminalState((await engine.get(id))!.state)).toBe(true);
    return (await engine.get(id))!;
  };

  it('asks for everything the client asked for', async () => {
    const label = keyLabel(toVertexKey(await predictions.start(REQUEST)));
    expect(await created()).toMatchObject({
      displayName: 'June',
      model: MODEL_NAME,
      labels: { team: 'operations', [label.name]: label.value },
      inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: ['gs://demo-files/flights.jsonl'] } },
      outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: 'gs://demo-files/predictions' } },
      // Lines of JSON go to the model as they are.
      instanceConfig: null,
      generateExplanation: false,
      dedicatedResources: {
        machineSpec: { machineType: 'n1-standard-8', acceleratorType: 'NVIDIA_TESLA_T4', acceleratorCount: 1 },
        startingReplicaCount: 5,
        maxReplicaCount: 5,
      },
      manualBatchTuningParameters: { batchSize: 8 },
      modelParameters: {
        structValue: {
          fields: {
            token_budget: { numberValue: 200 },
            modes: { listValue: { values: [{ stringValue: 'a' }, { nullValue: 'NULL_VALUE' }, { boolValue: true }] } },
          },
        },
      },
    });
  });

  it.each([
    [
      'a Parquet file',
      { input: { kind: 'FILES', files: ['gs://demo-files/a.parquet'], format: 'PARQUET' } },
      'input.format',
    ],
    ['a file on this machine', { input: { kind: 'FILES', files: ['a.jsonl'], format: 'JSONL' } }, 'input.files'],
    ['a table without its dataset', { input: { kind: 'TABLE', table: 'flights' } }, 'input.table'],
    ['a training set on this machine', { input: { kind: 'TRAINING_SET', job: '1' } }, 'input.trainingSetJob'],
    ['PARQUET to write', { output: { format: 'PARQUET', location: 'gs://demo-files/predictions' } }, 'output.format'],
    ['a place to write that is no gs:// address', { output: { format: 'JSONL', location: 'out' } }, 'output.location'],
    [
      'accelerators of no kind',
      { resources: { ...SPEC.resources, acceleratorType: null, acceleratorCount: 2 } },
      'acceleratorCount',
    ],
    ['no place to write to', { output: { format: 'JSONL', location: null } }, 'output.location'],
    ['a whole project to write to', { output: { format: 'TABLE', location: 'demo-project' } }, 'output.location'],
    [
      'an accelerator there is none of',
      { resources: { ...SPEC.resources, acceleratorType: 'ABACUS' } },
      'acceleratorType',
    ],
    ...(
      [
        ['no machine type', { machineType: 'banana' }, 'machineType'],
        ['a size that there is not', { machineType: 'n1-standard-5' }, 'machineType'],
        ['a machine that comes with others', { machineType: 'g2-standard-8' }, 'acceleratorType'],
        ['a machine that takes none', { machineType: 'e2-standard-4' }, 'acceleratorType'],
        ['three of them', { acceleratorCount: 3 }, 'acceleratorCount'],
      ] as const
    ).map(([what, change, field]): [string, object, string] => [
      `a T4 with ${what}`,
      { resources: { ...SPEC.resources, ...change } },
      field,
    ]),
  ])('refuses %s before anything is created', async (_, change, field) => {
    const request = { ...REQUEST, spec: { ...SPEC, ...(change as Partial<BatchPredictionSpec>) } };
    await expect(predictions.start(request)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect(server.calls).toEqual([]);
  });

  const CONTAINER = {
    image: 'europe-docker.pkg.dev/demo-project/models/delay:1',
    artifacts: 'gs://demo-files/model',
    predictRoute: '/predict',
    healthRoute: '/health',
    port: 8080,
    command: [],
    arguments: ['--threads=4'],
    environment: { LEVEL: 'info' },
  };
  const SETTINGS: VertexModelSettings = {
    machines: 'DEDICATED',
    serviceAccount: null,
    kmsKey: null,
    disableContainerLogging: false,
    reservation: null,
    explanation: null,
    container: null,
  };
  const start = async (
    vertex: Partial<VertexModelSettings>,
    spec: Partial<BatchPredictionSpec> = {},
    location = MODEL_NAME,
  ) => {
    const model: Model = { ...MODEL, location, vertex: { ...SETTINGS, ...vertex } };
    models.set(model.name, model);
    return predictions.start({ ...REQUEST, model, spec: { ...SPEC, ...spec } });
  };
  const explained = { resources: { ...SPEC.resources, generateExplanation: true } };

  it('sends the account, the key, the reservation, the logging and the explanation that the registry says', async () => {
    const kmsKey = 'projects/demo-project/locations/europe-west4/keyRings/ring/cryptoKeys/key';
    const reservations = ['projects/demo-project/zones/europe-west4-a/reservations/gpus'];
    await start(
      {
        serviceAccount: 'model@demo-project.iam.gserviceaccount.com',
        kmsKey,
        disableContainerLogging: true,
        reservation: { kind: 'SPECIFIC', reservations },
        explanation: { method: 'SAMPLED_SHAPLEY', count: 25, topK: 1 },
      },
      explained,
    );
    expect(await created()).toMatchObject({
      model: MODEL_NAME,
      serviceAccount: 'model@demo-project.iam.gserviceaccount.com',
      encryptionSpec: { kmsKeyName: kmsKey },
      disableContainerLogging: true,
      dedicatedResources: {
        machineSpec: {
          reservationAffinity: {
            reservationAffinityType: 'SPECIFIC_RESERVATION',
            key: 'compute.googleapis.com/reservation-name',
            values: reservations,
          },
        },
      },
      generateExplanation: true,
      explanationSpec: { parameters: { sampledShapleyAttribution: { pathCount: 25 }, topK: 1 } },
    });
  });

  it('says nothing of an explanation where the job asks for none', async () => {
    await start({ explanation: { method: 'XRAI', count: 10, topK: null } });
    expect(await created()).toMatchObject({ generateExplanation: false, explanationSpec: null });
  });

  it('runs a container that is not in the model registry, in the location of the registry', async () => {
    await start({ container: CONTAINER }, {}, 'projects/demo-project/locations/europe-west4');
    expect(await created()).toMatchObject({
      name: expect.stringMatching(/^projects\/demo-project\/locations\/europe-west4\/batchPredictionJobs\//),
      model: '',
      unmanagedContainerModel: {
        artifactUri: 'gs://demo-files/model',
        containerSpec: {
          imageUri: CONTAINER.image,
          args: ['--threads=4'],
          env: [{ name: 'LEVEL', value: 'info' }],
          ports: [{ containerPort: 8080 }],
          predictRoute: '/predict',
          healthRoute: '/health',
        },
      },
    });
  });

  it.each([
    ['an AutoML model', MODEL_NAME],
    ['a model of a publisher', 'projects/demo-project/locations/europe-west4/publishers/google/models/text-1'],
  ])('names no machines for %s, and refuses them', async (_title, location) => {
    world.automaticModels.add(location);
    const none = { ...SPEC.resources, machineType: null, acceleratorType: null, acceleratorCount: null };
    await expect(start({ machines: 'AUTOMATIC' }, {}, location)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'machineType' },
    });
    await start({ machines: 'AUTOMATIC' }, { resources: none }, location);
    expect(await created()).toMatchObject({
      model: location,
      dedicatedResources: null,
      manualBatchTuningParameters: null,
    });
  });

  const TABLE: BatchInput = { kind: 'TABLE', table: 'demo-project.work.instances' };
  const INSTANCES = { format: null, keyField: null, includedFields: [], excludedFields: [] };

  it.each<[string, Partial<BatchPredictionSpec>, object | null, object]>([
    [
      'rows as lists, by a key, of some columns',
      { input: TABLE, instances: { ...INSTANCES, format: 'ARRAY', keyField: 'id', includedFields: ['a', 'b'] } },
      { instanceType: 'array', keyField: 'id', includedFields: ['a', 'b'], excludedFields: [] },
      { instancesFormat: 'bigquery' },
    ],
    [
      'JSON lines without a column',
      { instances: { ...INSTANCES, excludedFields: ['note'] } },
      { instanceType: '', keyField: '', includedFields: [], excludedFields: ['note'] },
      { instancesFormat: 'jsonl' },
    ],
    ...(['TF_RECORD', 'TF_RECORD_GZIP', 'FILE_LIST'] as const).map(
      (format): [string, Partial<BatchPredictionSpec>, null, object] => [
        format,
        { input: { kind: 'INSTANCE_FILES', files: ['gs://demo-files/in'], format } },
        null,
        { instancesFormat: format.toLowerCase().replaceAll('_', '-'), gcsSource: { uris: ['gs://demo-files/in'] } },
      ],
    ),
    [
      'CSV',
      { input: { kind: 'FILES', files: ['gs://demo-files/in.csv'], format: 'CSV' } },
      null,
      { instancesFormat: 'csv' },
    ],
  ])('reads %s', async (_title, spec, instanceConfig, inputConfig) => {
    await start({}, spec);
    expect(await created()).toMatchObject({ instanceConfig, inputConfig });
  });

  it.each<[string, Partial<BatchPredictionSpec>, string]>([
    [
      'lists of both kinds',
      { input: TABLE, instances: { ...INSTANCES, includedFields: ['a'], excludedFields: ['b'] } },
      'instances.excludedFields',
    ],
    [
      'a key that is part of the instance',
      { input: TABLE, instances: { ...INSTANCES, keyField: 'a', includedFields: ['a'] } },
      'instances.keyField',
    ],
    [
      'columns of files without columns',
      { input: { kind: 'INSTANCE_FILES', files: ['gs://demo-files/in'], format: 'FILE_LIST' }, instances: INSTANCES },
      'instances',
    ],
    [
      'instance files on this machine',
      { input: { kind: 'INSTANCE_FILES', files: ['in'], format: 'TF_RECORD' } },
      'input.instanceFiles.paths[0]',
    ],
  ])('refuses %s before anything is created', async (_title, spec, field) => {
    await expect(start({}, spec)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect(server.calls).toEqual([]);
  });

  it('refuses a display name that Vertex AI does not take', async () => {
    const started = predictions.start({ ...REQUEST, displayName: 'x'.repeat(129) });
    await expect(started).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'displayName' } });
  });

  it('refuses explanations of a container of which nobody says how', async () => {
    const started = start({ container: CONTAINER }, explained, 'projects/demo-project/locations/europe-west4');
    await expect(started).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'generateExplanation' } });
  });

  it.each<[string, string, Partial<BatchPredictionSpec>, string | null]>([
    ['the region of the model', 'EUROPE-WEST4', {}, null],
    ['the multi-region of the model', 'EU', {}, null],
    ['a dual region', 'EUR4', {}, null],
    ['another multi-region', 'US', {}, 'input.files.paths[0]'],
    ['another region', 'US-CENTRAL1', {}, 'input.files.paths[0]'],
    ['another region, for the output of a table', 'US-CENTRAL1', { input: TABLE }, 'output.location'],
  ])(
    'compares the locations of input, output and model before the start: %s',
    async (_title, location, spec, field) => {
      storage.locations.set('demo-files', location);
      const started = start({}, spec);
      if (field === null) await started;
      else {
        await expect(started).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          message: expect.stringMatching(/europe-west4/),
          details: { field },
        });
        expect(server.calls).toEqual([]);
      }
    },
  );

  it.each<[string, BatchInput, string]>([
    [
      'files',
      { kind: 'FILES', files: ['gs://demo-files/a.jsonl', 'gs://far-files/b.jsonl'], format: 'JSONL' },
      'input.files.paths[1]',
    ],
    [
      'instance files',
      {
        kind: 'INSTANCE_FILES',
        files: ['gs://demo-files/a', 'gs://demo-files/b', 'gs://far-files/c'],
        format: 'TF_RECORD',
      },
      'input.instanceFiles.paths[2]',
    ],
  ])('compares the location of each bucket of %s, not of the first alone', async (_title, input, field) => {
    storage.locations.set('demo-files', 'EUROPE-WEST4').set('far-files', 'US-CENTRAL1');
    await expect(start({}, { input })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect(server.calls).toEqual([]);
    storage.locations.set('far-files', 'EU');
    await start({}, { input });
  });

  it('refuses a table in another location than the model, also in an estimate', async () => {
    const spec: BatchPredictionSpec = { ...SPEC, input: { kind: 'TABLE', table: 'demo-project.far_away.instances' } };
    for (const refused of [predictions.start({ ...REQUEST, spec }), predictions.work({ ...REQUEST, spec })]) {
      await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'input.table' } });
    }
  });

  it.each([
    ['no name', { displayName: ' ' }, 'displayName'],
    ['a label of ours', { labels: { 'featuregraph-key': 'x' } }, 'labels'],
    ['the other label of ours', { labels: { 'featuregraph-request': 'x' } }, 'labels'],
    ['a label that Vertex AI does not take', { labels: { Team: 'x' } }, 'labels'],
    [
      'more labels than Vertex AI keeps',
      { labels: Object.fromEntries(Array.from({ length: 63 }, (_, n) => [`l${n}`, 'x'])) },
      'labels',
    ],
  ])('refuses a job with %s before anything is created', async (_, change, field) => {
    const started = predictions.start({ ...REQUEST, ...change });
    await expect(started).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect(server.calls).toEqual([]);
  });

  it('asks for a table in, a table out, explanations and the usual machine', async () => {
    await predictions.start({
      ...REQUEST,
      labels: Object.fromEntries(Array.from({ length: 62 }, (_, n) => [`l${n}`, 'x'])),
      spec: {
        ...SPEC,
        input: { kind: 'TABLE', table: 'demo-project.work.instances' },
        output: { format: 'TABLE', location: 'demo-project.work' },
        parameters: null,
        resources: {
          machineType: null,
          acceleratorType: null,
          acceleratorCount: null,
          startingReplicaCount: 2,
          maxReplicaCount: 7,
          batchSize: 64,
          generateExplanation: true,
        },
      },
    });
    expect(await created()).toMatchObject({
      inputConfig: { instancesFormat: 'bigquery', bigquerySource: { inputUri: 'bq://demo-project.work.instances' } },
      instanceConfig: { instanceType: 'object', excludedFields: [] },
      outputConfig: { predictionsFormat: 'bigquery', bigqueryDestination: { outputUri: 'bq://demo-project.work' } },
      modelParameters: null,
      generateExplanation: true,
      dedicatedResources: {
        machineSpec: { machineType: 'n1-standard-4', acceleratorType: 'ACCELERATOR_TYPE_UNSPECIFIED' },
        startingReplicaCount: 2,
        maxReplicaCount: 7,
      },
      manualBatchTuningParameters: { batchSize: 64 },
    });
  });

  it('reads CSV files, to whose lines no instance type applies', async () => {
    await predictions.start({
      ...REQUEST,
      spec: { ...SPEC, input: { kind: 'FILES', files: ['gs://demo-files/a.csv'], format: 'CSV' } },
    });
    expect(await created()).toMatchObject({
      inputConfig: { instancesFormat: 'csv', gcsSource: { uris: ['gs://demo-files/a.csv'] } },
      instanceConfig: null,
    });
  });

  it('costs what Vertex AI says it used, by the machine asked for, and teaches the next estimate', async () => {
    const table = 'demo-project.work.instances';
    const request = { ...REQUEST, spec: { ...SPEC, input: { kind: 'TABLE', table } as const } };
    await expect(predictions.start({ ...request, maxCostUsd: 0.01 })).rejects.toMatchObject({
      code: 'COST_OVER_LIMIT',
    });
    const job = await predictions.start(request);
    // 3 batches of 8 at an assumed second each, and 5 replicas that start for 5 minutes.
    expect(
      job.cost?.estimate.lines.map(({ description, quantity }) => [description, Number(quantity).toFixed(6)]),
    ).toEqual([
      ['Prediction machine (n1-standard-8), predicting', (3 / 3600).toFixed(6)],
      [expect.stringContaining('predicting'), (3 / 3600).toFixed(6)],
      ['Prediction machine (n1-standard-8), starting', (25 / 60).toFixed(6)],
      [expect.stringContaining('starting'), (25 / 60).toFixed(6)],
    ]);
    expect(costSoFar(job)).toBeNull();
    const { name } = await created();
    world.advance(name, SUCCEEDED);
    const done = await ended(job.id);
    const { total } = costs.estimator.costSoFar({ ...done.cost!.work, replicaHours: 0.5 });
    expect(costSoFar(done)?.total).toEqual(total);
    expect(total.toNumber()).toBeGreaterThan(0.3);
    expect(await costs.history.runs(SPEC.model)).toMatchObject([
      {
        job: job.id,
        machineType: 'n1-standard-8',
        acceleratorType: 'NVIDIA_TESLA_T4',
        batchSize: 8,
        rows: 3n,
        replicaHours: 0.5,
        // Without the start-up of five replicas.
        workSeconds: expect.closeTo((0.5 - 25 / 60) * 3600, 6),
        actualUsd: total.toNumber(),
      },
    ]);
    const next = await predictions.start({ ...request, idempotencyKey: 'july-1' });
    expect(next.cost?.estimate.assumptions.join()).toContain('300 s on one replica: measured, in one past job');
  });

  it.each<[string, BatchInput]>([
    ['files', SPEC.input],
    ['a view', { kind: 'TABLE', table: 'demo-project.work.a_view' }],
    ['a table the gateway may not look at', { kind: 'TABLE', table: 'demo-project.work.hidden' }],
  ])('is estimated at its least for %s, whose rows nobody knows, and can promise no limit', async (_what, input) => {
    const request = { ...REQUEST, spec: { ...SPEC, input } };
    await expect(predictions.start({ ...request, maxCostUsd: 100 })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'maxCostUsd' },
    });
    const { cost } = await predictions.start(request);
    expect(cost?.estimate.assumptions[0]).toMatch(/^At least/);
    expect(Number(cost?.estimate.total)).toBeGreaterThan(0);
    expect(cost?.estimate.perPrediction).toBeNull();
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['that Vertex AI reports', { resourcesConsumed: { replicaHours: 1.2 } }],
    // Five replicas that began a quarter of an hour before the clock of this gateway.
    ['since its start, while Vertex AI reports none', { startTime: { seconds: '999999100', nanos: 0 } }],
  ])('is cancelled there when it costs more than cancelAboveUsd by the hours %s', async (_what, news) => {
    const { id } = await predictions.start({ ...REQUEST, cancelAboveUsd: 1 });
    const { name } = await created();
    // An n1-standard-8 with a T4 is $0.438 + $0.402 an hour.
    world.advance(name, { state: 'JOB_STATE_RUNNING', resourcesConsumed: { replicaHours: 1.1 } });
    await eventually(async () => (await engine.get(id))?.checkpoint).toMatchObject({ replicaHours: 1.1 });
    await eventually(async () => (await engine.get(id))?.state).toBe('RUNNING');
    world.advance(name, news);
    await eventually(() => world.jobs.get(name)?.state).toBe('JOB_STATE_CANCELLING');
    world.advance(name, { state: 'JOB_STATE_CANCELLED' });
    const done = await ended(id);
    expect(done).toMatchObject({ state: 'CANCELLED', error: { code: 'COST_OVER_LIMIT' } });
    expect(done.error!.message).toMatch(/^The job had cost \$1\.0\d+|^The job had cost \$1\.05/);
  });

  it('is estimated with the objects of its input, and the prices of the location of its model', async () => {
    storage.objects.set('many/part-1.jsonl', '{"a": 1}\n');
    storage.objects.set('many/part-2.jsonl', '{"a": 10}\n');
    storage.objects.set('many/readme.txt', 'no instances');
    const input: BatchInput = {
      ...SPEC.input,
      kind: 'INSTANCE_FILES',
      files: ['gs://demo-files/many/*.jsonl'],
    } as BatchInput;
    const { cost } = await predictions.start({ ...REQUEST, spec: { ...SPEC, input } });
    expect(cost?.estimate.assumptions.slice(0, 3)).toEqual([
      expect.stringMatching(/^At least/),
      'The input has 19 bytes in 2 objects of Cloud Storage.',
      expect.stringMatching(
        /^No price book has prices of machine-hour in europe-west4: these are the prices of us-central1/,
      ),
    ]);
  });

  it('follows the job through its states, with counts, to where it says it wrote', async () => {
    const { id } = await predictions.start(REQUEST);
    const { name } = await created();
    const running = { successfulCount: '1', failedCount: '0', incompleteCount: '2' };
    world.advance(name, { state: 'JOB_STATE_RUNNING', completionStats: running });
    await eventually(async () => (await engine.get(id))?.progress).toEqual({ completed: 1n, failed: 0n, total: 3n });
    world.advance(name, {
      state: 'JOB_STATE_PAUSED',
      completionStats: { successfulCount: '2', failedCount: '0', incompleteCount: '-1' },
      resourcesConsumed: { replicaHours: 0.1 },
    });
    await eventually(async () => (await engine.get(id))?.state).toBe('PAUSED');
    // -1 are left: Vertex AI does not know how many.
    await eventually(async () => (await engine.get(id))?.progress).toEqual({ completed: 2n, failed: 0n, total: null });
    const paused = (await engine.get(id))!;
    const { total } = costs.estimator.costSoFar({ ...paused.cost!.work, replicaHours: 0.1 });
    expect(costSoFar(paused)?.total).toEqual(total);
    world.advance(name, SUCCEEDED);
    const job = await ended(id);
    expect(job).toMatchObject({
      state: 'SUCCEEDED',
      progress: { completed: 3n, failed: 0n, total: 3n },
      result: { replicaHours: 0.5, isPartial: false, predictions: SUCCEEDED.outputInfo.gcsOutputDirectory },
    });
  });

  it.each([
    ['demo-project.work', 'predictions_2026', 'predictions_2026', 'errors_2026'],
    // A job that made its own dataset.
    ['demo-project.work', '', 'predictions', 'errors'],
    // A table that the client named: nobody says where the failures are.
    ['demo-project.work.scores', 'scores', 'scores', null],
    ['demo-project.work.predictions_june', 'predictions_june', 'predictions_june', null],
  ])('has written where it says (asked for %s, it says "%s")', async (location, said, table, errors) => {
    const output = { format: 'TABLE', location } as const;
    const { id } = await predictions.start({ ...REQUEST, spec: { ...SPEC, output } });
    world.advance((await created()).name, {
      ...SUCCEEDED,
      completionStats: { successfulCount: '2', failedCount: '1', incompleteCount: '0' },
      outputInfo: {
        bigqueryOutputDataset: 'bq://demo-project.elsewhere',
        output_location: 'bigquery_output_dataset',
        bigqueryOutputTable: said,
      },
    });
    expect((await ended(id)).result).toMatchObject({
      predictions: `demo-project.elsewhere.${table}`,
      failures: errors && `demo-project.elsewhere.${errors}`,
    });
  });

  it('does not create a second job when the answer to the first was lost', async () => {
    server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    const { id } = await predictions.start(REQUEST);
    const { name } = await created();
    world.advance(name, SUCCEEDED);
    expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(server.callsOf('CreateBatchPredictionJob')).toHaveLength(1);
    expect(world.jobs.size).toBe(1);
  });

  it('finds the job of a gateway that ended before it had noted its name', async () => {
    await predictions.start(REQUEST);
    const { name } = await created();
    await engine.stop();
    gateway = 2;
    openEngine();
    const { id } = await predictions.start(REQUEST);
    world.advance(name, SUCCEEDED);
    await ended(id);
    expect(world.jobs.size).toBe(1);
  });

  /** A gateway that knows nothing of the first: another one, or one that lost its disk. */
  const openOtherGateway = async (): Promise<void> => {
    await engine.stop();
    gateway = 2;
    openEngine();
  };

  describe('under a key that another gateway used before', () => {
    it.each<[string, Partial<BatchPredictionRequest>]>([
      ['input', { spec: { ...SPEC, input: { ...SPEC.input, files: ['gs://demo-files/other.jsonl'] } as BatchInput } }],
      ['output', { spec: { ...SPEC, output: { format: 'JSONL', location: 'gs://demo-files/elsewhere' } } }],
      ['parameters', { spec: { ...SPEC, parameters: { token_budget: 100 } } }],
      ['machines', { spec: { ...SPEC, resources: { ...SPEC.resources, startingReplicaCount: 1 } } }],
      ['display name', { displayName: 'July' }],
    ])('does not take over a job that was asked for with other %s', async (_, change) => {
      await predictions.start(REQUEST);
      await created();
      await openOtherGateway();
      const { id } = await predictions.start({ ...REQUEST, ...change });
      expect(await ended(id)).toMatchObject({ state: 'FAILED', result: null, error: { code: 'BAD_USER_INPUT' } });
      expect(world.jobs.size).toBe(1);
    });

    it('ends as the job of that time did, also when that failed: no key starts two', async () => {
      await predictions.start(REQUEST);
      world.advance((await created()).name, { state: 'JOB_STATE_FAILED', error: { code: 3, message: 'No rows.' } });
      await openOtherGateway();
      const { id } = await predictions.start(REQUEST);
      expect(await ended(id)).toMatchObject({ state: 'FAILED', error: { code: 'VERTEX_FAILED', message: 'No rows.' } });
      expect(world.jobs.size).toBe(1);
    });

    it('does not take over a job that does not say what was asked for', async () => {
      await predictions.start(REQUEST);
      const { name, labels } = await created();
      delete labels['featuregraph-request'];
      world.advance(name, SUCCEEDED);
      await openOtherGateway();
      const { id } = await predictions.start(REQUEST);
      expect(await ended(id)).toMatchObject({ state: 'FAILED', result: null, error: { code: 'BAD_USER_INPUT' } });
      expect(world.jobs.size).toBe(1);
    });
  });

  it('is not created when Vertex AI does not say whether it is there, and is not said to be', async () => {
    server.faults.add('ListBatchPredictionJobs', { kind: 'refuse', code: 'INTERNAL' }, 1000);
    const { error } = await ended((await predictions.start(REQUEST)).id);
    expect(error).toEqual({ code: 'VERTEX_UNAVAILABLE', message: expect.stringContaining('did not take the job') });
    expect(server.callsOf('CreateBatchPredictionJob')).toHaveLength(0);
  });

  describe('while the lists of Vertex AI lag behind', () => {
    it('is looked for again before it would be created again', async () => {
      world.listsLag = 3;
      server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'DEADLINE_EXCEEDED' });
      const { id } = await predictions.start(REQUEST);
      world.advance((await created()).name, SUCCEEDED);
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(world.jobs.size).toBe(1);
    });

    it('is looked for again when the wish to cancel comes in the meantime', async () => {
      world.listsLag = 3;
      server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'DEADLINE_EXCEEDED' });
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      await engine.cancel(id);
      await eventually(() => world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    });

    it('is looked for again by the process after one that was killed before it heard', async () => {
      server.faults.add('CreateBatchPredictionJob', { kind: 'hang' });
      const { id } = await predictions.start(REQUEST);
      await eventually(() => server.callsOf('CreateBatchPredictionJob').length).toBe(1);
      // What a killed process leaves: an attempt that is counted, and no name.
      const left = await engine.get(id);
      await engine.stop();
      const store = new LmdbJobStore(join(folder, `jobs-${gateway}`));
      await store.update(id, () => left!);
      await store.close();
      openEngine();
      world.listsLag = 3;
      await engine.resume();
      world.advance((await created()).name, SUCCEEDED);
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(world.jobs.size).toBe(1);
    });

    it('is the older of two in the end, and the younger is cancelled, which the log is told', async () => {
      world.listsLag = 8;
      server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'DEADLINE_EXCEEDED' });
      const { id } = await predictions.start(REQUEST);
      await eventually(() => world.jobs.size).toBe(2);
      const [older, younger] = [...world.jobs.values()];
      await eventually(async () => (await engine.get(id))?.checkpoint).toMatchObject({ name: younger.name });
      world.listsLag = 0;
      world.advance(younger.name, { state: 'JOB_STATE_RUNNING' });
      await eventually(() => world.jobs.get(younger.name).state).toBe('JOB_STATE_CANCELLING');
      world.advance(older.name, SUCCEEDED);
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED', checkpoint: { name: older.name } });
      expect(troubles.map(String).join()).toContain(younger.name);
    });
  });

  it('goes on watching after a restart', async () => {
    const { id } = await predictions.start(REQUEST);
    const { name } = await created();
    await eventually(async () => (await engine.get(id))?.checkpoint).not.toBeNull();
    await engine.stop();
    openEngine();
    await engine.resume();
    world.advance(name, SUCCEEDED);
    expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(server.callsOf('CreateBatchPredictionJob')).toHaveLength(1);
  });

  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'] as const)(
    'outlasts %s of the poll',
    async (code) => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      server.faults.add('GetBatchPredictionJob', { kind: 'refuse', code }, 8);
      world.advance(name, SUCCEEDED);
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    },
  );

  it('gives up creating when the service does not come back, and says so', async () => {
    server.faults.add('CreateBatchPredictionJob', { kind: 'refuse', code: 'UNAVAILABLE' }, 9);
    const { id } = await predictions.start(REQUEST);
    expect(await ended(id)).toMatchObject({ state: 'FAILED', error: { code: 'VERTEX_UNAVAILABLE' } });
    expect(world.jobs.size).toBe(0);
  });

  it('says what Vertex AI refused without names of its resources', async () => {
    const spec = { ...SPEC, output: { format: 'TABLE', location: 'demo-project.d' } } as const;
    world.models.delete(MODEL_NAME);
    const { id } = await predictions.start({ ...REQUEST, spec });
    const { error } = await ended(id);
    expect(error).toMatchObject({ code: 'VERTEX_REFUSED' });
    expect(error?.message).toContain('does not exist');
    expect(error?.message).not.toContain('demo-project');
  });

  it('cancels there, and keeps what was predicted', async () => {
    const { id } = await predictions.start(REQUEST);
    const { name } = await created();
    await eventually(async () => (await engine.get(id))?.checkpoint).not.toBeNull();
    await engine.cancel(id);
    await eventually(() => world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    world.advance(name, { ...SUCCEEDED, state: 'JOB_STATE_CANCELLED' });
    expect(await ended(id)).toMatchObject({ state: 'CANCELLED', result: { isPartial: true } });
  });

  it('fails with the reason of Vertex AI', async () => {
    const { id } = await predictions.start(REQUEST);
    const { name } = await created();
    world.advance(name, { state: 'JOB_STATE_FAILED', error: { code: 3, message: 'No rows in gs://demo-files/x.' } });
    expect(await ended(id)).toMatchObject({
      state: 'FAILED',
      error: { code: 'VERTEX_FAILED', message: 'No rows in [resource].' },
    });
  });

  it.each(['INTERNAL', 'UNKNOWN', 'CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE'] as const)(
    'takes %s after a creation for an answer that may have been lost',
    async (code) => {
      server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code });
      const { id } = await predictions.start(REQUEST);
      world.advance((await created()).name, SUCCEEDED);
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(world.jobs.size).toBe(1);
    },
  );

  it('finds the job of the last attempt, whose answer was lost like all before it', async () => {
    server.faults.add('CreateBatchPredictionJob', { kind: 'refuse', code: 'UNAVAILABLE' }, 3);
    server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    const { id } = await predictions.start(REQUEST);
    world.advance((await created()).name, SUCCEEDED);
    expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('says by what to look for a job that may be there, when Vertex AI does not say whether it is', async () => {
    server.faults.add('CreateBatchPredictionJob', { kind: 'loseAnswer', code: 'UNAVAILABLE' });
    // The look before the creation is answered, none after it.
    server.faults.add('ListBatchPredictionJobs', { kind: 'delay', ms: 0 });
    server.faults.add('ListBatchPredictionJobs', { kind: 'refuse', code: 'UNAVAILABLE' }, 1000);
    const job = await predictions.start(REQUEST);
    await created();
    const { error } = await ended(job.id);
    expect(error?.code).toBe('VERTEX_UNAVAILABLE');
    expect(error?.message).toContain(`featuregraph-key=${keyLabel(toVertexKey(job)).value}`);
  });

  it.each(['PERMISSION_DENIED', 'UNAUTHENTICATED', 'INTERNAL'] as const)(
    'does not take %s of the poll for the end of a job that goes on there, and tells the log',
    async (code) => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      server.faults.add('GetBatchPredictionJob', { kind: 'refuse', code }, 5);
      await eventually(() => troubles.length).toBeGreaterThan(1);
      expect((await engine.get(id))?.state).not.toBe('FAILED');
      world.advance(name, SUCCEEDED);
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    },
  );

  it('goes on asking for a cancellation that was refused, until it is taken', async () => {
    const { id } = await predictions.start(REQUEST);
    const { name } = await created();
    await eventually(async () => (await engine.get(id))?.checkpoint).not.toBeNull();
    server.faults.add('CancelBatchPredictionJob', { kind: 'refuse', code: 'PERMISSION_DENIED' }, 3);
    await engine.cancel(id);
    await eventually(() => world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    expect((await engine.get(id))?.state).toBe('CANCELLING');
    world.advance(name, { ...SUCCEEDED, state: 'JOB_STATE_CANCELLED' });
    expect(await ended(id)).toMatchObject({ state: 'CANCELLED' });
  });

  it('does not give one caller the job of another who happens to use the same key', async () => {
    await predictions.start(REQUEST);
    await created();
    await predictions.start({ ...REQUEST, createdBy: 'another' });
    await eventually(() => world.jobs.size).toBe(2);
  });

  it.each([
    ['RUNNING', 'UPDATING', {}],
    ['RUNNING', 'OF_THE_FUTURE', {}],
    ['FAILED', 'OF_THE_FUTURE', { endTime: { seconds: '1000000001', nanos: 0 } }],
    ['EXPIRED', 'EXPIRED', {}],
    ['PARTIALLY_SUCCEEDED', 'PARTIALLY_SUCCEEDED', {}],
    ['PARTIALLY_SUCCEEDED', 'SUCCEEDED', { partialFailures: [{ code: 7, message: 'no access to gs://demo-files/b' }] }],
  ])('is %s when the job there is %s with %j', async (state, there, more) => {
    const { id } = await predictions.start(REQUEST);
    const { name } = await created();
    await eventually(async () => (await engine.get(id))?.state).toBe('PENDING');
    // A name that the protos of the server do not know either would not travel: its number does.
    world.advance(name, { state: there === 'OF_THE_FUTURE' ? 99 : `JOB_STATE_${there}`, ...more });
    await eventually(async () => (await engine.get(id))?.state).toBe(state);
    const job = (await engine.get(id)) as Awaited<ReturnType<typeof predictions.start>>;
    if (there === 'SUCCEEDED') {
      expect(await predictions.failures(job, { after: null, limit: 1 })).toEqual([
        { instanceNumber: 0n, instance: {}, code: '7', message: 'no access to [resource]' },
      ]);
    }
  });

  describe('whose model has left the registry', () => {
    it('is watched to its end all the same, in the region where it is', async () => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      await eventually(async () => (await engine.get(id))?.checkpoint).not.toBeNull();
      await engine.stop();
      models.clear();
      openEngine();
      await engine.resume();
      world.advance(name, SUCCEEDED);
      expect(await ended(id)).toMatchObject({ state: 'SUCCEEDED' });
    });

    it('is found when it was created, and not created when it was not', async () => {
      server.faults.add('ListBatchPredictionJobs', { kind: 'hang' }, 50);
      const ids = [await predictions.start(REQUEST), await predictions.start({ ...REQUEST, idempotencyKey: 'other' })];
      await engine.stop();
      server.faults.clear();
      models.clear();
      const { displayName, labels, spec } = ids[0]!;
      const asked = vertexJobRequest({ displayName: displayName!, labels, model: MODEL, spec });
      world.advance(world.add(withKeyLabels(asked, toVertexKey(ids[0]!))), SUCCEEDED);
      openEngine();
      await engine.resume();
      expect(await ended(ids[0]!.id)).toMatchObject({ state: 'SUCCEEDED' });
      expect(await ended(ids[1]!.id)).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_NOT_FOUND' } });
      expect(server.callsOf('CreateBatchPredictionJob')).toHaveLength(0);
    });

    it('is not tried again: that is refused at once', async () => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      world.advance(name, { ...SUCCEEDED, completionStats: { successfulCount: '2', failedCount: '1' } });
      const job = (await ended(id)) as Awaited<ReturnType<typeof predictions.start>>;
      models.clear();
      const retry = predictions.retryFailed(job, { createdBy: null, idempotencyKey: null });
      await expect(retry).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', details: { field: 'job' } });
    });
  });

  describe('that is given up, since its process ended too often', () => {
    /** The next process finds it taken up as often as a job may be, with or without a note of its name. */
    const takenUpTooOften = async (id: string, isNameKnown: boolean): Promise<void> => {
      await engine.stop();
      const store = new LmdbJobStore(join(folder, `jobs-${gateway}`));
      await store.update(id, (job) => ({ ...job, attempts: 1000, ...(isNameKnown ? {} : { checkpoint: null }) }));
      await store.close();
      openEngine();
      await engine.resume();
    };

    it.each([true, false])('is ended on Vertex AI too (its name noted: %s)', async (isNameKnown) => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      await eventually(async () => (await engine.get(id))?.checkpoint).not.toBeNull();
      world.advance(name, { resourcesConsumed: { replicaHours: 0.25 } });
      await takenUpTooOften(id, isNameKnown);
      const job = await ended(id);
      expect(job).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' }, result: { replicaHours: 0.25 } });
      expect(world.jobs.get(name).state).toBe('JOB_STATE_CANCELLING');
    });

    it('says so and by what to look for it when Vertex AI does not confirm that', async () => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      await eventually(async () => (await engine.get(id))?.checkpoint).not.toBeNull();
      server.faults.add('CancelBatchPredictionJob', { kind: 'refuse', code: 'UNAVAILABLE' }, 100);
      await takenUpTooOften(id, true);
      const { error } = await ended(id);
      expect(error?.code).toBe('GIVEN_UP');
      expect(error?.message).toContain('did not confirm');
      const { labels } = world.jobs.get(name);
      expect(error?.message).toContain(`featuregraph-key=${labels['featuregraph-key']}`);
    });

    it('has ended on Vertex AI: what it wrote is still to be read', async () => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      await eventually(async () => (await engine.get(id))?.checkpoint).not.toBeNull();
      await engine.stop();
      world.advance(name, SUCCEEDED);
      openEngine();
      await takenUpTooOften(id, true);
      expect(await ended(id)).toMatchObject({
        error: { code: 'GIVEN_UP' },
        result: { predictions: SUCCEEDED.outputInfo.gcsOutputDirectory },
      });
      expect(world.jobs.get(name).state).toBe('JOB_STATE_SUCCEEDED');
    });
  });

  describe('with results', () => {
    const FOLDER = 'predictions/prediction-delay-2026/';

    beforeEach(() => {
      const line = (n: number) =>
        `${JSON.stringify({ instance: { flight: n }, prediction: { delay: n * 10, tokens: n } })}\n`;
      storage.objects.set(`${FOLDER}prediction.results-00000-of-00002`, line(1) + line(2));
      storage.objects.set(`${FOLDER}prediction.results-00001-of-00002`, line(3));
      storage.objects.set(`${FOLDER}prediction.errors_stats-00000-of-00001`, '');
      storage.objects.set(
        `${FOLDER}errors_0001.jsonl`,
        `${JSON.stringify({ instance: { flight: 4 }, error: { code: 3, message: 'bad row in gs://demo-files/x' } })}\n`,
      );
      storage.objects.set('predictions/prediction-delay-2027/prediction.results-00000-of-00001', line(9));
    });

    const finished = async () => {
      const { id } = await predictions.start(REQUEST);
      const { name } = await created();
      const completionStats = { successfulCount: '3', failedCount: '1', incompleteCount: '0' };
      world.advance(name, { ...SUCCEEDED, completionStats });
      return (await ended(id)) as Awaited<ReturnType<typeof predictions.start>>;
    };

    it('pages through predictions and failures', async () => {
      const job = await finished();
      expect(job.state).toBe('PARTIALLY_SUCCEEDED');
      const first = await predictions.predictions(job, { after: null, limit: 2 });
      expect(first.map(({ instance }) => instance.flight)).toEqual([1, 2]);
      const rest = await predictions.predictions(job, { after: first.at(-1)!.instanceNumber, limit: 2 });
      const prediction = { delay: 30, tokens: 3 };
      expect(rest).toEqual([
        { instanceNumber: 2n, instance: { flight: 3 }, prediction, explanation: null, attributions: null },
      ]);
      expect(await predictions.failures(job, { after: null, limit: 5 })).toEqual([
        { instanceNumber: 0n, instance: { flight: 4 }, code: '3', message: 'bad row in [resource]' },
      ]);
    });

    it('aggregates over all predictions', async () => {
      const job = await finished();
      const asked = [
        { metric: 'AVG', field: 'delay', over: null },
        { metric: 'VARIANCE', field: 'delay', over: null },
        { metric: 'P50', field: 'delay', over: null },
        { metric: 'AVG', field: 'delay', over: 'tokens' },
        { metric: 'COUNT', field: 'nothing', over: null },
        { metric: 'AVG', field: 'nothing', over: null },
      ] as const;
      expect(await predictions.metrics(job, asked)).toEqual([20, 100, 20, 10, 0, null]);
    });

    it('starts a job on the failed instances alone', async () => {
      const job = await finished();
      const retry = await predictions.retryFailed(job, { createdBy: null, idempotencyKey: null });
      expect(retry.spec.retryOf).toBe(job.id);
      await eventually(() => world.jobs.size).toBe(2);
      const uri: string = [...world.jobs.values()][1].inputConfig.gcsSource.uris[0];
      expect(storage.objects.get(uri.replace('gs://demo-files/', ''))).toBe('{"flight":4}\n');
    });
  });
});
