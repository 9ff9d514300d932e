import { BigQuery } from '@google-cloud/bigquery';
import { Storage } from '@google-cloud/storage';
import { PassThroughClient } from 'google-auth-library';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { BatchPredictionRequest, BatchPredictionSpec } from '../../../../batch-prediction/batch-predictions.js';
import { VertexBatchPredictionHandler } from '../../../../batch-prediction/vertex/vertex-batch-prediction-handler.js';
import { VertexBatchPredictions } from '../../../../batch-prediction/vertex/vertex-batch-predictions.js';
import { VertexJobsClient } from '../../../../batch-prediction/vertex/vertex-jobs-client.js';
import { JobAccounting } from '../../../../costs/job-accounting.js';
import { jobCostSoFar } from '../../../../costs/job-cost.js';
import { VertexClients } from '../../../../datasources/google/vertex/vertex-clients.js';
import type { JobRecord } from '../../../../datasources/job-store/job-record.js';
import { isTerminalState } from '../../../../datasources/job-store/job-state.js';
import { LmdbJobStore } from '../../../../datasources/job-store/lmdb/lmdb-job-store.js';
import type { Model, VertexModelSettings } from '../../../../datasources/registry/prediction-model.js';
import { AppError } from '../../../../errors/app-error.js';
import { JobEngine } from '../../../../jobs/job-engine.js';
import { JobFailure } from '../../../../jobs/job-failure.js';
import { openTestCosts } from '../../costs.js';
import { startCloudStorageServer, type CloudStorageServer } from '../cloud-storage-server.js';
import { startTableMetadataServer } from '../table-metadata-server.js';
import { vertexDelayModel } from '../vertex-delay-model.js';
import { startVertexServer, type VertexServer } from '../vertex-server.js';
import { BatchPredictionWorld } from './batch-prediction-jobs.js';

const PLACE = { project: 'demo-project', location: 'europe-west4' };
export const MODEL = vertexDelayModel(PLACE.project);
export const MODEL_NAME = MODEL.location;

export const SPEC: BatchPredictionSpec = {
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

export const REQUEST: BatchPredictionRequest = {
  displayName: 'June',
  labels: { team: 'operations' },
  model: MODEL,
  spec: SPEC,
  createdBy: null,
  idempotencyKey: 'june-1',
};

/** What Vertex AI says of a job that has ended well. */
export const SUCCEEDED = {
  state: 'JOB_STATE_SUCCEEDED',
  completionStats: { successfulCount: '3', failedCount: '0', incompleteCount: '0' },
  resourcesConsumed: { replicaHours: 0.5 },
  outputInfo: { gcsOutputDirectory: 'gs://demo-files/predictions/prediction-delay-2026', output_location: 'x' },
};

/** A model that is a container, without an entry in the model registry. */
export const CONTAINER = {
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

/** The first client takes seconds to make, on a busy machine more. */
export const eventually = <T>(see: () => T) => expect.poll(see, { timeout: 30_000, interval: 10 });

/** The batch predictions of a gateway, with the real Google clients over sockets to servers of this process. */
export class BatchPredictionsOnVertex {
  readonly folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
  /** Each gateway has a number, and jobs of its own. */
  gateway = 1;
  readonly world = new BatchPredictionWorld(PLACE, new Set([MODEL_NAME]));
  /** Those of the registry. */
  readonly models = new Map<string, Model>([[MODEL.name, MODEL]]);
  readonly troubles: unknown[] = [];
  server!: VertexServer;
  storage!: CloudStorageServer;
  costs!: Awaited<ReturnType<typeof openTestCosts>>;
  engine!: JobEngine;
  predictions!: VertexBatchPredictions;
  #clients!: VertexClients;
  /** Of a table that is an input; these jobs write files. */
  #tables!: Awaited<ReturnType<typeof startTableMetadataServer>>;
  #warehouse!: BigQuery;

  async open(): Promise<void> {
    this.costs = await openTestCosts({ folder: join(this.folder, 'costs') });
    this.#tables = await startTableMetadataServer({
      'demo-project.work.instances': { type: 'TABLE', numRows: '20' },
      'demo-project.work.a_view': { type: 'VIEW' },
      'demo-project.work': { location: 'europe-west4' },
      'demo-project.far_away': { location: 'US' },
    });
    this.#warehouse = new BigQuery({
      projectId: 'demo-project',
      apiEndpoint: this.#tables.endpoint,
      authClient: new PassThroughClient() as never,
    });
    this.server = await startVertexServer(PLACE, this.world.services());
    this.storage = await startCloudStorageServer('demo-files');
    this.#clients = new VertexClients(PLACE.location, this.server.clientOptions);
    this.openEngine();
  }

  async close(): Promise<void> {
    await this.engine.stop();
    await this.#clients.close();
    await this.costs.close();
    await this.#tables.close();
    await this.storage.stop();
    this.server.stop();
    rmSync(this.folder, { recursive: true });
  }

  openEngine(): void {
    const dependencies = {
      getModel: (name: string, field = 'model'): Model => {
        const model = this.models.get(name);
        if (!model) throw new AppError('MODEL_NOT_FOUND', `There is no model "${name}".`, { field });
        return model;
      },
      storage: async () =>
        new Storage({
          apiEndpoint: this.storage.apiEndpoint,
          projectId: 'demo-project',
          authClient: new PassThroughClient() as never,
        }),
      bigquery: async () => this.#warehouse,
    };
    const handler = new VertexBatchPredictionHandler({
      ...dependencies,
      clientFor: () => this.#jobsClient(),
      pollMs: { first: 5, longest: 20 },
      onTransientError: (error) => this.troubles.push(error),
    });
    this.engine = new JobEngine({
      store: this.openJobStore(),
      handlers: [handler],
      clock: () => 1_000_000_000_000_000n,
      costLookMs: 10,
      newId: () => `00000000-0000-7000-8000-${String(Date.now()).padStart(12, '0')}`,
      maxRunning: 4,
      accounting: new JobAccounting(this.costs, () => 1_000_000_000_000_000n),
      onError: (error) => {
        if (!(error instanceof JobFailure)) throw error;
      },
    });
    this.predictions = new VertexBatchPredictions(this.engine, handler, dependencies);
  }

  /** The jobs of the gateway, for a test that changes them while no engine has them open. */
  openJobStore(): LmdbJobStore {
    return new LmdbJobStore(join(this.folder, `jobs-${this.gateway}`));
  }

  /** A gateway that knows nothing of the first: another one, or one that lost its disk. */
  async openOtherGateway(): Promise<void> {
    await this.engine.stop();
    this.gateway += 1;
    this.openEngine();
  }

  async restart(): Promise<void> {
    await this.engine.stop();
    this.openEngine();
    await this.engine.resume();
  }

  /** Starts a job of the model with these settings of the registry. */
  async start(vertex: Partial<VertexModelSettings>, spec: Partial<BatchPredictionSpec> = {}, location = MODEL_NAME) {
    const model: Model = { ...MODEL, location, vertex: { ...SETTINGS, ...vertex } };
    this.models.set(model.name, model);
    return this.predictions.start({ ...REQUEST, model, spec: { ...SPEC, ...spec } });
  }

  /** The only job on Vertex AI, as its server has it. */
  async created(): Promise<any> {
    await eventually(() => this.world.jobs.size).toBe(1);
    return [...this.world.jobs.values()][0];
  }

  /** Waits until the gateway has noted the name of the job on Vertex AI. */
  async noted(id: string): Promise<void> {
    await eventually(async () => (await this.engine.get(id))?.checkpoint).not.toBeNull();
  }

  async ended(id: string): Promise<JobRecord> {
    await eventually(async () => isTerminalState((await this.engine.get(id))!.state)).toBe(true);
    return (await this.engine.get(id))!;
  }

  costSoFar(job: JobRecord) {
    return jobCostSoFar(this.costs.estimator, job.cost!, this.engine.replicaHours(job));
  }

  async #jobsClient(): Promise<VertexJobsClient> {
    const client = await this.#clients.jobs();
    return new VertexJobsClient(
      client,
      { attemptMs: 500, totalMs: 4_000, retries: 3, pauseMs: 5 },
      { creations: 4, maxLookups: 4, pauseMs: 5 },
    );
  }
}

/** New batch predictions for each test of the file: `vertex.now` are those of the running test. */
export function useBatchPredictionsOnVertex(): { readonly now: BatchPredictionsOnVertex } {
  let now!: BatchPredictionsOnVertex;
  beforeEach(async () => {
    now = new BatchPredictionsOnVertex();
    await now.open();
  });
  afterEach(() => now.close());
  return {
    get now() {
      return now;
    },
  };
}
