import { join } from 'node:path';
import type { BatchPredictionSpec } from '../../batch-prediction/batch-predictions.js';
import { LocalBatchPredictionHandler } from '../../batch-prediction/local/local-batch-prediction-handler.js';
import { LocalBatchPredictions } from '../../batch-prediction/local/local-batch-predictions.js';
import type { ModelServing } from '../../batch-prediction/models/model-serving.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import type { DataFiles } from '../../datasources/files/data-files.js';
import { LmdbJobStore } from '../../datasources/job-store/lmdb/lmdb-job-store.js';
import type { Model, ModelRuntime } from '../../datasources/registry/prediction-model.js';
import { JobEngine } from '../../jobs/job-engine.js';
import { newJobId } from '../../jobs/new-job-id.js';
import { systemClock } from '../../values/clock.js';

export interface BenchJob {
  readonly model: Model;
  readonly serving: ModelServing;
  readonly files: DataFiles;
  /** The folder of the job store and of the work. */
  readonly folder: string;
  readonly input: BatchPredictionSpec['input'];
  readonly format: BatchPredictionSpec['output']['format'];
  readonly batchSize: number;
  readonly batchesInFlight: number;
}

/** Runs one batch prediction, with what main.ts wires, and returns its last state. */
export async function runJob(bench: BenchJob): Promise<string | undefined> {
  const { model, serving, files, folder, input, format, batchSize, batchesInFlight } = bench;
  const scratch = await DuckDbDatabase.open(':memory:');
  const offline = await DuckDbDatabase.open(':memory:');
  const store = new LmdbJobStore(join(folder, 'jobs'));
  const dependencies = {
    jobs: store,
    files,
    offline,
    scratch,
    workFolder: join(folder, 'work'),
    getModel: () => model,
    servings: new Map<ModelRuntime, ModelServing>([['ONNX', serving]]),
    clock: systemClock,
  };
  const handler = new LocalBatchPredictionHandler(dependencies);
  const onError = (error: unknown): void => console.error(error);
  const engine = new JobEngine({
    store,
    handlers: [handler],
    clock: systemClock,
    newId: newJobId,
    maxRunning: 1,
    onError,
  });
  const { id } = await new LocalBatchPredictions(engine, handler, dependencies).start({
    displayName: 'bench',
    labels: {},
    createdBy: null,
    idempotencyKey: null,
    model,
    spec: {
      model: model.name,
      input,
      output: { format, location: null },
      parameters: null,
      resources: {
        machineType: null,
        acceleratorType: null,
        acceleratorCount: null,
        startingReplicaCount: batchesInFlight,
        maxReplicaCount: null,
        batchSize,
        generateExplanation: false,
      },
      retryOf: null,
    },
  });
  let last;
  for await (const record of (await engine.follow(id))!) last = record;
  await engine.stop();
  offline.close();
  scratch.close();
  return last?.state;
}
