import { join } from 'node:path';
import { DataFiles } from '../../datasources/files/data-files.js';
import type { BatchInput, BatchOutput, BatchPredictionRequest } from '../../batch-prediction/batch-predictions.js';
import { JobEngine } from '../../jobs/job-engine.js';
import { newJobId } from '../../jobs/new-job-id.js';
import type { SharedFiles } from '../../datasources/shared-files/shared-files.js';
import type { JobStore } from '../../datasources/job-store/job-store.js';
import type { JobRecord } from '../../datasources/job-store/job-record.js';
import { LmdbJobStore } from '../../datasources/job-store/lmdb/lmdb-job-store.js';
import { LocalBatchPredictionHandler } from '../../batch-prediction/local/local-batch-prediction-handler.js';
import {
  LOCAL_BATCH_PREDICTION,
  type LocalBatchPredictionJob,
} from '../../batch-prediction/local/local-batch-prediction-job.js';
import { LocalBatchPredictions } from '../../batch-prediction/local/local-batch-predictions.js';
import type { RetryPolicy } from '../../batch-prediction/local/predict-batch.js';
import type { ModelServing } from '../../batch-prediction/models/model-serving.js';
import type { Model, ModelRuntime } from '../../datasources/registry/prediction-model.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { systemClock, type Clock } from '../../values/clock.js';
import { LINEAR_MODEL, LinearModelServing, type LinearModelFaults } from './linear-model.js';

export interface BatchPredictionLab {
  readonly folder: string;
  readonly files: DataFiles;
  readonly store: JobStore;
  readonly engine: JobEngine;
  readonly batch: LocalBatchPredictions;
  readonly serving: LinearModelServing;
  readonly offline: DuckDbDatabase;
  readonly scratch: DuckDbDatabase;
  readonly errors: unknown[];
  readonly stop: () => Promise<void>;
}

export interface LabOptions {
  readonly folder: string;
  readonly faults?: LinearModelFaults;
  readonly serving?: LinearModelServing;
  /** In the place of `serving`. */
  readonly runsModels?: ModelServing;
  readonly model?: Model;
  readonly pace?: RetryPolicy;
  readonly clock?: Clock;
  /** The files that several gateways share. */
  readonly shared?: SharedFiles;
  /** The jobs of several gateways. Absent: they are in `folder`. */
  readonly jobs?: JobStore;
}

/** Everything local batch prediction is made of, over real files, as main.ts wires it, with a model whose faults are chosen. */
export async function openLab({
  folder,
  faults,
  model = LINEAR_MODEL,
  pace,
  clock = systemClock,
  serving = new LinearModelServing(faults),
  runsModels = serving,
  shared,
  jobs,
}: LabOptions): Promise<BatchPredictionLab> {
  const files = await DataFiles.open(join(folder, 'files'));
  const store = jobs ?? new LmdbJobStore(join(folder, 'jobs'));
  const offline = await DuckDbDatabase.open(join(folder, 'offline.duckdb'));
  const scratch = await DuckDbDatabase.open(':memory:');
  const errors: unknown[] = [];
  const dependencies = {
    jobs: store,
    files,
    shared,
    offline,
    scratch,
    workFolder: join(folder, 'work'),
    getModel: (name: string) => (name === model.name ? model : undefined),
    servings: new Map<ModelRuntime, ModelServing>([[runsModels.runtime, runsModels]]),
    clock,
    retryPolicy: pace ?? { initialBackoffMs: 1, outageRetries: 3 },
  };
  const handler = new LocalBatchPredictionHandler(dependencies);
  const engine = new JobEngine({
    store,
    handlers: [handler],
    clock,
    newId: newJobId,
    maxRunning: 2,
    onError: (error) => errors.push(error),
  });
  const stop = async (): Promise<void> => {
    await engine.stop();
    await (await files.reader())[Symbol.asyncDispose]();
    offline.close();
    scratch.close();
  };
  return {
    folder,
    files,
    store,
    engine,
    batch: new LocalBatchPredictions(engine, handler, dependencies),
    serving,
    offline,
    scratch,
    errors,
    stop,
  };
}

export function request(
  input: BatchInput,
  {
    output = { format: 'PARQUET', location: null },
    batchSize = 10,
    replicas = 2,
    model = LINEAR_MODEL,
    idempotencyKey = null,
  }: {
    output?: BatchOutput;
    batchSize?: number;
    replicas?: number;
    model?: Model;
    idempotencyKey?: string | null;
  } = {},
): BatchPredictionRequest {
  return {
    displayName: 'test',
    labels: {},
    createdBy: null,
    idempotencyKey,
    model,
    spec: {
      model: model.name,
      input,
      output,
      parameters: null,
      resources: {
        machineType: null,
        acceleratorType: null,
        acceleratorCount: null,
        startingReplicaCount: replicas,
        maxReplicaCount: null,
        batchSize,
        generateExplanation: false,
      },
      retryOf: null,
    },
  };
}

/** The job as it ended. */
export async function waitForEnd(
  { engine }: Pick<BatchPredictionLab, 'engine'>,
  id: string,
): Promise<LocalBatchPredictionJob> {
  let last: JobRecord | undefined;
  for await (const record of (await engine.follow(id))!) last = record;
  return LOCAL_BATCH_PREDICTION.read(last!);
}

/** Writes what an SQL query gives to a file in the folder for files. */
export async function writeInput({ scratch, files }: BatchPredictionLab, name: string, sql: string): Promise<void> {
  const format = name.endsWith('.csv') ? 'csv, header' : name.endsWith('.jsonl') ? 'json' : 'parquet';
  await scratch.use((connection) =>
    connection.run(`COPY (${sql}) TO '${join(files.folder, name)}' (FORMAT ${format})`),
  );
}
