import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DataFiles } from '../../datasources/files/data-files.js';
import type { FileFormat } from '../../datasources/files/file-format.js';
import type { BatchOutput } from '../../batch-prediction/batch-predictions.js';
import { JobEngine } from '../../jobs/job-engine.js';
import { newJobId } from '../../jobs/new-job-id.js';
import { LmdbJobStore } from '../../datasources/job-store/lmdb/lmdb-job-store.js';
import { LocalBatchPredictionHandler } from '../../batch-prediction/local/local-batch-prediction-handler.js';
import { LocalBatchPredictions } from '../../batch-prediction/local/local-batch-predictions.js';
import type { ModelServing } from '../../batch-prediction/models/model-serving.js';
import type { Model, ModelRuntime } from '../../datasources/registry/prediction-model.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { systemClock } from '../../values/clock.js';

/**
 * Batch prediction from and to files: rows a second, the most memory of the process, and how long other work in it
 * waits for a turn, for growing inputs. The model is a
 * sum in this process, so what is measured is everything but the model. Memory must not grow with the rows.
 *
 *     npm run bench:batch-prediction -- [ROWS,ROWS…] [PARQUET|CSV|JSONL] [PARQUET|JSONL]
 */
const [sizes = '1000000,10000000', inputFormat = 'PARQUET', outputFormat = 'PARQUET'] = process.argv.slice(2);
const BATCH_SIZE = 1000;
const IN_FLIGHT = 2;

const field = (name: string, valueType: 'DOUBLE' | 'INT64') => ({ name, valueType, unit: null, description: null });
const model: Model = {
  kind: 'model',
  name: 'sum',
  displayName: 'Sum',
  description: null,
  labels: {},
  runtime: 'ONNX',
  location: '',
  inputs: [field('a', 'INT64'), field('b', 'DOUBLE'), field('c', 'DOUBLE')],
  outputs: [field('sum', 'DOUBLE')],
};
const serving: ModelServing = {
  runtime: 'ONNX',
  open: async () => ({
    predict: async ({ instances }) =>
      instances.map(({ a, b, c }) => ({
        kind: 'prediction',
        prediction: { sum: Number(a) + Number(b) + Number(c) },
      })),
    close: async () => undefined,
  }),
  check: async () => [],
  findHealthFault: async () => null,
};

const folder = await mkdtemp(join(tmpdir(), 'featuregraph-bench-'));
try {
  for (const rows of sizes.split(',').map(Number)) await measure(rows);
} finally {
  await rm(folder, { recursive: true });
}

async function measure(rows: number): Promise<void> {
  const files = await DataFiles.open(join(folder, 'files'));
  const scratch = await DuckDbDatabase.open(':memory:');
  const offline = await DuckDbDatabase.open(':memory:');
  const name = `in-${rows}.${inputFormat.toLowerCase()}`;
  const written = { PARQUET: 'parquet', CSV: 'csv, header', JSONL: 'json' }[inputFormat] ?? 'parquet';
  await scratch.use((connection) =>
    connection.run(`COPY (SELECT i AS a, i / 7.0::DOUBLE AS b, i % 1000 / 3.0::DOUBLE AS c, 'flight ' || i % 5000 AS note
      FROM range(${rows}) AS numbers(i)) TO '${join(files.folder, name)}' (FORMAT ${written})`),
  );
  const store = new LmdbJobStore(join(folder, `jobs-${rows}`));
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
  const start = performance.now();
  const { id } = await new LocalBatchPredictions(engine, handler, dependencies).start({
    displayName: 'bench',
    labels: {},
    createdBy: null,
    idempotencyKey: null,
    model,
    spec: {
      model: model.name,
      input: { kind: 'FILES', files: [name], format: inputFormat as FileFormat },
      output: { format: outputFormat as BatchOutput['format'], location: null },
      parameters: null,
      resources: {
        machineType: null,
        acceleratorType: null,
        acceleratorCount: null,
        startingReplicaCount: IN_FLIGHT,
        maxReplicaCount: null,
        batchSize: BATCH_SIZE,
        generateExplanation: false,
      },
      retryOf: null,
    },
  });
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 50);
  let last;
  for await (const record of (await engine.follow(id))!) last = record;
  clearInterval(sampling);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${rows} rows of ${inputFormat} to ${outputFormat}: ${last?.state}, ${seconds.toFixed(1)} s, ` +
      `${Math.round(rows / seconds)} rows a second, at most ${Math.round(most / 1024 / 1024)} MiB, ` +
      `others waited ${milliseconds(delays.percentile(50))} ms (99 in 100: ${milliseconds(delays.percentile(99))} ms)`,
  );
  await engine.stop();
  offline.close();
  scratch.close();
}

function milliseconds(nanoseconds: number): string {
  return (nanoseconds / 1e6).toFixed(1);
}
