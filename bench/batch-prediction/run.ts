import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DataFiles } from '../../datasources/files/data-files.js';
import type { FileFormat } from '../../datasources/files/file-format.js';
import type { BatchOutput } from '../../batch-prediction/batch-predictions.js';
import type { ModelServing } from '../../batch-prediction/models/model-serving.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { runJob } from './run-job.js';

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
  const name = `in-${rows}.${inputFormat.toLowerCase()}`;
  const written = { PARQUET: 'parquet', CSV: 'csv, header', JSONL: 'json' }[inputFormat] ?? 'parquet';
  await scratch.use((connection) =>
    connection.run(`COPY (SELECT i AS a, i / 7.0::DOUBLE AS b, i % 1000 / 3.0::DOUBLE AS c, 'flight ' || i % 5000 AS note
      FROM range(${rows}) AS numbers(i)) TO '${join(files.folder, name)}' (FORMAT ${written})`),
  );
  scratch.close();
  const start = performance.now();
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  let most = 0;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 50);
  const state = await runJob({
    model,
    serving,
    files,
    folder: join(folder, `rows-${rows}`),
    input: { kind: 'FILES', files: [name], format: inputFormat as FileFormat },
    format: outputFormat as BatchOutput['format'],
    batchSize: BATCH_SIZE,
    batchesInFlight: IN_FLIGHT,
  });
  clearInterval(sampling);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${rows} rows of ${inputFormat} to ${outputFormat}: ${state}, ${seconds.toFixed(1)} s, ` +
      `${Math.round(rows / seconds)} rows a second, at most ${Math.round(most / 1024 / 1024)} MiB, ` +
      `others waited ${milliseconds(delays.percentile(50))} ms (99 in 100: ${milliseconds(delays.percentile(99))} ms)`,
  );
}

function milliseconds(nanoseconds: number): string {
  return (nanoseconds / 1e6).toFixed(1);
}
