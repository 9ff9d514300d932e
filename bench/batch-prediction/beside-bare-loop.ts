import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import proto from 'onnx-proto';
import { DataFiles } from '../../datasources/files/data-files.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import type { ModelServing } from '../../batch-prediction/models/model-serving.js';
import { OnnxServing } from '../../batch-prediction/models/onnx/onnx-serving.js';
import { runJob } from './run-job.js';

/**
 * Batch prediction of an ONNX model from Parquet to Parquet, as columns and as instances, beside a bare loop of ONNX
 * Runtime over tensors that are ready in memory. The bare loop reads and writes nothing, so another way adds a COPY of the
 * same input to the same output by DuckDB, with one thread: it is the limit from Parquet to Parquet. All take turns in one
 * process, and the bare loop is 1: the CPU time of all threads, and the time until the end. A gateway checks a model that has not changed once, so all jobs of a way share
 * their serving.
 *
 *     npm run bench:batch-prediction:columns -- [ROWS] [ROUNDS] [WIDTH OF THE MODEL'S LAYERS]
 */
const [rowsText = '1000000', roundsText = '3', widthText = '256'] = process.argv.slice(2);
const [ROWS, ROUNDS, WIDTH] = [Number(rowsText), Number(roundsText), Number(widthText)];
const BATCH_SIZE = 1000;
const IN_FLIGHT = 2;
const FEATURES = 10;
const NAMES = Array.from({ length: FEATURES }, (_, index) => `f${index}`);

const field = (name: string) => ({ name, valueType: 'DOUBLE' as const, unit: null, description: null });
const folder = await mkdtemp(join(tmpdir(), 'featuregraph-bench-'));
const model: Model = {
  kind: 'model',
  name: 'layers',
  displayName: 'Layers',
  description: null,
  labels: {},
  runtime: 'ONNX',
  location: join(folder, 'layers.onnx'),
  inputs: NAMES.map(field),
  outputs: [field('score')],
};

interface Used {
  readonly cpu: number;
  readonly wall: number;
}

try {
  await writeFile(model.location, layers());
  const files = await DataFiles.open(join(folder, 'files'));
  await writeInput(files.folder);
  const bare = await bareLoop();
  const copy = await copyAlone(files.folder);
  const bareWithFiles = async (): Promise<void> => {
    await bare();
    await copy();
  };
  const [columns, instances] = [new OnnxServing(), withoutColumns()];
  const used: Record<string, Used[]> = { bare: [], 'bare with files': [], columns: [], instances: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    used.bare!.push(await measured(bare));
    used['bare with files']!.push(await measured(bareWithFiles));
    used.columns!.push(await measured(() => job(files, columns, `columns-${round}`)));
    used.instances!.push(await measured(() => job(files, instances, `instances-${round}`)));
  }
  const base = median(used.bare!);
  for (const [name, all] of Object.entries(used)) {
    const { cpu, wall } = median(all);
    console.log(
      `${name}: ${((cpu * 1000) / ROWS).toFixed(2)} us of CPU a row, ${(ROWS / (wall / 1000)).toFixed(0)} rows a second; ` +
        `the speed of the bare loop is 1: ${(base.cpu / cpu).toFixed(2)} by CPU, ${(base.wall / wall).toFixed(2)} by time`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}

/** Milliseconds. */
async function measured(work: () => Promise<void>): Promise<Used> {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / 1000, wall: performance.now() - start };
}

function median(all: readonly Used[]): Used {
  const middle = (key: keyof Used): number =>
    all.map((one) => one[key]).toSorted((one, other) => one - other)[Math.floor(all.length / 2)]!;
  return { cpu: middle('cpu'), wall: middle('wall') };
}

async function bareLoop(): Promise<() => Promise<void>> {
  const session = await InferenceSession.create(model.location, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const data = Float32Array.from({ length: BATCH_SIZE * FEATURES }, (_, index) => (index % 1000) / 7);
  const x = new Tensor('float32', data, [BATCH_SIZE, FEATURES]);
  return async () => {
    for (let row = 0; row < ROWS; row += BATCH_SIZE) await session.run({ x });
  };
}

/** What DuckDB needs to read the input and to write an output of the same columns, without a model. */
async function copyAlone(folder: string): Promise<() => Promise<void>> {
  const database = await DuckDbDatabase.open(':memory:', { threads: 1 });
  const instance = ['id', 'note', ...NAMES].map((name) => `${name} := ${name}`).join(', ');
  const sql = `COPY (SELECT id AS instance_number, struct_pack(${instance}) AS instance, struct_pack(score := f1 / 3) AS prediction
    FROM '${join(folder, 'in.parquet')}') TO '${join(folder, 'copy.parquet')}' (FORMAT parquet, COMPRESSION zstd)`;
  return () =>
    database.use(async (connection) => {
      await connection.run(sql);
    });
}

function withoutColumns(): ModelServing {
  const serving = new OnnxServing();
  return {
    runtime: 'ONNX',
    check: (of) => serving.check(of),
    findHealthFault: () => serving.findHealthFault(),
    open: async (of, options) => {
      const predictor = await serving.open(of, options);
      return { predict: (request) => predictor.predict(request), close: () => predictor.close() };
    },
  };
}

async function writeInput(into: string): Promise<void> {
  const scratch = await DuckDbDatabase.open(':memory:');
  const columns = NAMES.map((name, index) => `(i * ${index + 3}) % 1009 / 7.0::DOUBLE AS ${name}`);
  await scratch.use((connection) =>
    connection.run(
      `COPY (SELECT i AS id, 'flight ' || i % 5000 AS note, ${columns.join(', ')} FROM range(${ROWS}) AS n(i))
       TO '${join(into, 'in.parquet')}' (FORMAT parquet)`,
    ),
  );
  scratch.close();
}

async function job(files: DataFiles, serving: ModelServing, name: string): Promise<void> {
  const state = await runJob({
    model,
    serving,
    files,
    folder: join(folder, name),
    input: { kind: 'FILES', files: ['in.parquet'], format: 'PARQUET' },
    format: 'PARQUET',
    batchSize: BATCH_SIZE,
    batchesInFlight: IN_FLIGHT,
  });
  if (state !== 'SUCCEEDED') throw new Error(`the job is ${state}`);
}

/** Two hidden layers: what a small model on a table costs. */
function layers(): Uint8Array {
  const { onnx } = proto;
  const { DataType } = onnx.TensorProto;
  const value = (name: string, width: number) => ({
    name,
    type: { tensorType: { elemType: DataType.FLOAT, shape: { dim: [{ dimParam: 'rows' }, { dimValue: width }] } } },
  });
  const weights = (name: string, dims: readonly number[]) => ({
    name,
    dataType: DataType.FLOAT,
    dims: [...dims],
    floatData: Array.from({ length: dims.reduce((all, one) => all * one, 1) }, (_, index) => ((index % 13) - 6) / 100),
  });
  const sizes = [FEATURES, WIDTH, WIDTH, 1];
  const steps = sizes.slice(1).map((_, index) => index);
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 15 }],
    graph: {
      name: 'layers',
      input: [value('x', FEATURES)],
      output: [value('score', 1)],
      initializer: steps.map((step) => weights(`w${step}`, [sizes[step]!, sizes[step + 1]!])),
      node: steps.flatMap((step) => {
        const isLast = step === steps.length - 1;
        const from = step === 0 ? 'x' : `r${step - 1}`;
        const product = { opType: 'MatMul', input: [from, `w${step}`], output: [isLast ? 'score' : `m${step}`] };
        return isLast ? [product] : [product, { opType: 'Relu', input: [`m${step}`], output: [`r${step}`] }];
      }),
    },
  }).finish();
}
