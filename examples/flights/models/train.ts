/**
 * Trains the model of flight delays and writes flight-delay.onnx and the numbers in README.md:
 *   npm run train:delay-model [-- FOLDER]
 * The features are computed from the flights first, in about half a minute; a FOLDER keeps them for the next run. The same
 * flights give the same file, byte for byte.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { format, resolveConfig } from 'prettier';
import { projectRoot } from '../../../config/project-root.js';
import { readSourceInputs } from '../../../ingestion/source-fingerprint.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { FileReader } from '../../../datasources/files/file-reader.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { Registry } from '../../../datasources/registry/registry.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { DELAY_INPUTS, delayEntities } from './delay-inputs.js';
import { predictBoostedTrees, trainBoostedTrees } from './gradient-boosting.js';
import { errorsOf, type Errors } from './prediction-errors.js';
import { readExamples, type Examples, type Period } from './training-data.js';
import { treeGraph } from './tree-graph.js';

/** Split by time, never by chance: a model is asked about the future, and flights of one evening are late together. */
const TRAINING: Period = { from: '2001-01-01', until: '2001-05-01', every: 4, hoursBefore: 0 };
const VALIDATION: Period = { from: '2001-05-01', until: '2001-06-01', every: 4, hoursBefore: 0 };
const HELD_OUT: Period = { from: '2001-06-01', until: '2001-07-01', every: 1, hoursBefore: 0 };

const OPTIONS = { maxTrees: 200, learningRate: 0.1, patience: 20, maxLeaves: 32, minRowsInLeaf: 200, shrinkage: 50 };

/** Again the held-out flights, with what was known three hours before each was to leave. */
const HELD_OUT_EARLIER: Period = { ...HELD_OUT, hoursBefore: 3 };

/** How far the graph's 32-bit sums may be from the trainer's: in minutes, or of the delay where it is over a minute. */
const TOLERANCE = 1e-4;

const folder = join(projectRoot, 'examples/flights/models');
const registry = await loadRegistry(join(projectRoot, 'examples/flights/registry.yaml'));

const { training, validation, heldOut, heldOutEarlier } = await readAll(registry, process.argv[2]);
const model = trainBoostedTrees(training, validation, OPTIONS, (trees, rmse) => {
  if (trees % 10 === 0) console.log(`${trees} trees: RMSE ${rmse.toFixed(3)} min on the validation flights`);
});
const graph = treeGraph(model, DELAY_INPUTS, 'delay_minutes');
const predictions = predictBoostedTrees(model, heldOut);
await checkGraph(graph, heldOut, predictions);
await writeFile(join(folder, 'flight-delay.onnx'), graph);
const meanDelay = training.targets.reduce((sum, delay) => sum + delay, 0) / training.targets.length;
await writeNumbers([
  ['the model', errorsOf(predictions, heldOut.targets)],
  [
    'the model, given only what was known 3 hours before',
    errorsOf(predictBoostedTrees(model, heldOutEarlier), heldOutEarlier.targets),
  ],
  [
    `the mean delay of the training flights (${meanDelay.toFixed(2)} min)`,
    errorsOf(
      predictions.map(() => meanDelay),
      heldOut.targets,
    ),
  ],
]);

async function readAll(registry: Registry, kept: string | undefined) {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'featuregraph-training-')));
  const database = await DuckDbDatabase.open(join(folder, 'offline.duckdb'));
  try {
    const sources = [
      ...new Set(delayEntities(registry).flatMap(({ features }) => features.map(({ source }) => source))),
    ];
    await using reader = await FileReader.open(join(folder, 'reading'));
    const offline = await DuckDbOfflineStore.open(database, sources, { reader });
    for (const source of sources) {
      const inputs = await readSourceInputs(source);
      if ((await offline.importedFrom(source)) === inputs.fingerprint) continue;
      console.log(`computing ${source.entityType.name}: ${source.name}`);
      await offline.import(source, inputs, () => undefined);
    }
    return await database.use(async (connection) => ({
      training: await readExamples(connection, registry, TRAINING),
      validation: await readExamples(connection, registry, VALIDATION),
      heldOut: await readExamples(connection, registry, HELD_OUT),
      heldOutEarlier: await readExamples(connection, registry, HELD_OUT_EARLIER),
    }));
  } finally {
    database.close();
    if (kept === undefined) await rm(folder, { recursive: true });
  }
}

/** The graph must say what the trainer says, of every held-out flight, missing values included. */
async function checkGraph(graph: Uint8Array, { columns, targets }: Examples, expected: Float64Array): Promise<void> {
  const session = await ort.InferenceSession.create(graph);
  const rows = new Float32Array(targets.length * columns.length);
  for (const [index, column] of columns.entries()) {
    for (let row = 0; row < column.length; row += 1) rows[row * columns.length + index] = column[row]!;
  }
  const features = new ort.Tensor('float32', rows, [targets.length, columns.length]);
  const { delay_minutes: answer } = await session.run({ features });
  const predicted = answer!.data as Float32Array;
  const apart = expected.reduce(
    (most, delay, row) => Math.max(most, Math.abs(delay - predicted[row]!) / Math.max(1, Math.abs(delay))),
    0,
  );
  console.log(`onnxruntime and the trainer are at most ${apart.toExponential(1)} apart over ${targets.length} flights`);
  if (!(apart <= TOLERANCE)) throw new Error(`The graph is ${apart} off; ${TOLERANCE} is allowed.`);
}

async function writeNumbers(rows: readonly (readonly [string, Errors])[]): Promise<void> {
  const table = [
    '| predictor | MAE (minutes) | RMSE (minutes) |',
    '| --- | --- | --- |',
    ...rows.map(([name, { mae, rmse }]) => `| ${name} | ${mae.toFixed(2)} | ${rmse.toFixed(2)} |`),
  ].join('\n');
  const text = [
    `Trained on ${count(training)} flights, stopped by ${count(validation)} (${model.trees.length} trees), measured on all ${count(heldOut)} of June 2001.`,
    '',
    table,
  ].join('\n');
  console.log(`\n${text}`);
  const readme = join(folder, 'README.md');
  const [before, , after] = (await readFile(readme, 'utf8')).split(/<!-- numbers(?: end)? -->/);
  const whole = `${before}<!-- numbers -->\n\n${text}\n\n<!-- numbers end -->${after}`;
  await writeFile(readme, await format(whole, { ...(await resolveConfig(readme)), filepath: readme }));
}

function count({ targets }: Examples): string {
  return targets.length.toLocaleString('en');
}
