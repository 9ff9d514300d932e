import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import proto, { type onnx as Onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { OnnxServing } from '../../../batch-prediction/models/onnx/onnx-serving.js';
import type { Instance } from '../../../batch-prediction/models/model-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { DELAY_INPUTS } from '../../../examples/flights/models/delay-inputs.js';
import { predictBoostedTrees, trainBoostedTrees } from '../../../examples/flights/models/gradient-boosting.js';
import { readExamples, type Examples } from '../../../examples/flights/models/training-data.js';
import { treeGraph } from '../../../examples/flights/models/tree-graph.js';
import { parseInstant } from '../../../values/instant.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testModel } from '../../support/test-model.js';

const root = join(import.meta.dirname, '../../..');

/** Numbers that look random and are the same each time (a linear congruential generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

async function predict(model: Model, instances: readonly Instance[]): Promise<number[]> {
  const predictor = await new OnnxServing().open(model, { parallelism: 1 });
  const outcomes = await predictor.predict({ instances, parameters: null, signal: new AbortController().signal });
  await predictor.close();
  return outcomes.map((outcome) => {
    if (outcome.kind === 'failure') throw new Error(outcome.message);
    return Object.values(outcome.prediction)[0] as number;
  });
}

describe('the model flight_delay', () => {
  /** The trees as the file has them, walked by the words of the ONNX operator's documentation. */
  function walkTrees(file: string) {
    const { graph } = proto.onnx.ModelProto.decode(readFileSync(file));
    const node = graph!.node![0]!;
    const attribute = (name: string): Onnx.IAttributeProto => node.attribute!.find((one) => one.name === name)!;
    const integers = (name: string): number[] => attribute(name).ints!.map(Number);
    const key = (tree: number, id: number): string => `${tree}/${id}`;
    const trees = integers('nodes_treeids');
    const ids = integers('nodes_nodeids');
    const place = new Map(trees.map((tree, index) => [key(tree, ids[index]!), index]));
    const modes = attribute('nodes_modes').strings!.map((mode) => Buffer.from(mode).toString());
    const [features, lefts, rights, tracks] = [
      'nodes_featureids',
      'nodes_truenodeids',
      'nodes_falsenodeids',
      'nodes_missing_value_tracks_true',
    ].map(integers) as [number[], number[], number[], number[]];
    const thresholds = attribute('nodes_values').floats!;
    const targetTrees = integers('target_treeids');
    const targetIds = integers('target_nodeids');
    const weights = new Map(
      attribute('target_weights').floats!.map((weight, index) => [key(targetTrees[index]!, targetIds[index]!), weight]),
    );
    return (row: readonly (number | null)[]): number => {
      let sum = attribute('base_values').floats![0]!;
      for (const tree of new Set(trees)) {
        let id = 0;
        for (let at = place.get(key(tree, id))!; modes[at] !== 'LEAF'; at = place.get(key(tree, id))!) {
          const value = row[features[at]!] ?? null;
          const isLeft = value === null ? tracks[at] === 1 : Math.fround(value) <= thresholds[at]!;
          id = isLeft ? lefts[at]! : rights[at]!;
        }
        sum += weights.get(key(tree, id))!;
      }
      return sum;
    };
  }

  it('predicts what its trees say, also of flights about which little is known', async () => {
    const model = (await loadRegistry(join(root, 'examples/flights/registry.yaml'))).model('flight_delay');
    expect(model.inputs.map(({ name }) => name)).toEqual(DELAY_INPUTS);
    const next = numbers(7);
    const rows = Array.from({ length: 300 }, (_, row) =>
      model.inputs.map(({ name, nullable }) => {
        if (nullable && next() < row / 400) return null;
        if (name === 'hour') return Math.floor(next() * 24);
        if (name.includes('share')) return next();
        return Math.round(next() * (name.includes('departures') ? 400 : 120) - 10);
      }),
    );
    const instances = rows.map((row) =>
      Object.fromEntries(model.inputs.map(({ name }, column) => [name, row[column]!])),
    );
    const walk = walkTrees(model.location);
    const predicted = await predict(model, instances);
    expect(new Set(predicted).size).toBeGreaterThan(200);
    for (const [index, value] of predicted.entries()) expect(value).toBeCloseTo(walk(rows[index]!), 3);
  });

  it('expects longer delays where everything is late already', async () => {
    const model = (await loadRegistry(join(root, 'examples/flights/registry.yaml'))).model('flight_delay');
    const flight = (delay: number, share: number) =>
      Object.fromEntries(
        model.inputs.map(({ name }) => [name, name.includes('delay') ? delay : name.includes('share') ? share : 10]),
      );
    const [calm, late] = await predict(model, [flight(0, 0.05), flight(60, 0.6)]);
    expect(late!).toBeGreaterThan(calm! + 10);
  });
});

describe('the training data', () => {
  it('have each flight with what was known when it was to leave, or some hours before', async () => {
    const registry = await loadRegistry(join(root, 'examples/flights/registry.yaml'));
    const sources = ['airport', 'route'].flatMap((name) => registry.entityType('flights', name).sources);
    const database = await DuckDbDatabase.open(':memory:');
    const offline = await DuckDbOfflineStore.open(database, sources);
    const sourceOf = (entityType: string, name: string) =>
      sources.find((source) => source.entityType.name === entityType && source.name === name)!;
    const hourly = (entityId: string, time: string, values: Record<string, bigint | number>) => ({
      entityId,
      timestamp: parseInstant(time),
      values: new Map(Object.entries(values)),
    });
    await offline.append(sourceOf('airport', 'hourly'), [
      hourly('SFO', '2001-03-01T08:00:00Z', { departures_1h: 1n, mean_delay_3h: 10 }),
      hourly('SFO', '2001-03-01T09:00:00Z', { departures_1h: 2n, mean_delay_3h: 20 }),
      hourly('SFO', '2001-03-01T10:00:00Z', { departures_1h: 3n, mean_delay_3h: 30 }),
      hourly('JFK', '2001-03-01T09:00:00Z', { departures_1h: 9n, mean_delay_3h: 90 }),
    ]);
    await offline.append(sourceOf('route', 'hourly'), [hourly('SFO,JFK', '2001-03-01T09:00:01Z', { last_delay: 5n })]);
    await offline.append(sourceOf('route', 'details'), [
      { entityId: 'SFO,JFK', timestamp: null, values: new Map([['distance_miles', 2586n]]) },
    ]);
    const flights = join(temporaryFolder(), 'flights.parquet');
    await database.use((connection) =>
      connection.run(`COPY (SELECT * FROM (VALUES
        (TIMESTAMP '2001-03-01 10:30:00', 7, 'SFO', 'JFK'), (TIMESTAMP '2001-03-01 09:00:00', -3, 'SFO', 'JFK'),
        (TIMESTAMP '2001-04-01 09:00:00', 1, 'SFO', 'JFK'), (TIMESTAMP '2001-03-04 23:59:00', 40, 'JFK', 'LAX')
      ) AS flight(date, delay, origin, destination)) TO '${flights}'`),
    );
    const read = async (hoursBefore: number) => {
      const period = { from: '2001-03-01', until: '2001-04-01', every: 1, hoursBefore };
      const { columns, targets } = await database.use((connection) =>
        readExamples(connection, registry, period, flights),
      );
      const names = [
        'hour',
        'day_of_week',
        'distance_miles',
        'last_delay',
        'origin_mean_delay_3h',
        'destination_departures_1h',
      ];
      return Array.from(targets, (target, row) => [
        target,
        ...names.map((name) => columns[DELAY_INPUTS.indexOf(name)]![row]),
      ]);
    };
    expect(await read(0)).toEqual([
      [7, 10, 4, 2586, 5, 30, 9],
      // At the very time of a row the row counts; the route's is a second too late.
      [-3, 9, 4, 2586, NaN, 20, 9],
      // Three days later the mean of 3 hours is past its ttl.
      [40, 23, 7, NaN, NaN, NaN, NaN],
    ]);
    expect(await read(1)).toEqual([
      [7, 10, 4, 2586, 5, 20, 9],
      [-3, 9, 4, 2586, NaN, 10, NaN],
      [40, 23, 7, NaN, NaN, NaN, NaN],
    ]);
    database.close();
  });
});

describe('the trainer', () => {
  /** y is a step of the first column; where it is missing, the second column says. The third is noise. */
  function examples(seed: number, count: number): Examples {
    const next = numbers(seed);
    const columns = [0, 1, 2].map(() => new Float32Array(count));
    const targets = new Float32Array(count);
    for (let row = 0; row < count; row += 1) {
      const [a, b, noise] = [next() * 10, next(), next()];
      const isMissing = next() < 0.2;
      columns[0]![row] = isMissing ? NaN : a;
      columns[1]![row] = b;
      columns[2]![row] = noise;
      targets[row] = isMissing ? (b > 0.5 ? 40 : -40) : a > 3 ? 20 : 0;
    }
    return { columns, targets };
  }
  const options = { maxTrees: 100, learningRate: 0.3, patience: 5, maxLeaves: 8, minRowsInLeaf: 10, shrinkage: 1 };
  const train = (seed: number) =>
    trainBoostedTrees(examples(seed, 3000), examples(seed + 1, 1000), options, () => undefined);

  it('learns steps, and what a missing value means', () => {
    const unseen = examples(99, 1000);
    const predicted = predictBoostedTrees(train(1), unseen);
    const wrong = predicted.filter((value, row) => Math.abs(value - unseen.targets[row]!) > 1);
    // Near an edge between bins some rows are on the wrong side of it.
    expect(wrong.length).toBeLessThan(50);
  });

  it('gives the same file each time', () => {
    const file = () => treeGraph(train(1), ['a', 'b', 'c'], 'y');
    expect(Buffer.from(file()).equals(Buffer.from(file()))).toBe(true);
  });

  it('stops when the validation rows are not predicted better any more', () => {
    const { targets, columns } = examples(1, 2000);
    const shuffled = { columns, targets: Float32Array.from(targets).sort() };
    expect(trainBoostedTrees(shuffled, examples(2, 500), options, () => undefined).trees.length).toBeLessThan(10);
  });

  it('writes a graph that ONNX Runtime reads as the trainer does', async () => {
    const trees = train(3);
    const unseen = examples(4, 500);
    const file = join(temporaryFolder(), 'trees.onnx');
    await writeFile(file, treeGraph(trees, ['a', 'b', 'c'], 'y'));
    const inputs = ['a', 'b', 'c'].map((name) => ({ name, valueType: 'DOUBLE' as const, nullable: true }));
    const instances = Array.from(unseen.targets, (_, row) =>
      Object.fromEntries(
        inputs.map(({ name }, column) => [
          name,
          Number.isNaN(unseen.columns[column]![row]!) ? null : unseen.columns[column]![row]!,
        ]),
      ),
    );
    const predicted = await predict(testModel({ onnx: file, inputs }), instances);
    const expected = predictBoostedTrees(trees, unseen);
    for (const [row, value] of predicted.entries()) expect(value).toBeCloseTo(expected[row]!, 4);
  });
});
