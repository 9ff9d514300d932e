import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchInput } from '../../../batch-prediction/batch-predictions.js';
import type { ColumnPredictor, ModelServing } from '../../../batch-prediction/models/model-serving.js';
import { OnnxServing } from '../../../batch-prediction/models/onnx/onnx-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import type { ValueType } from '../../../values/value-type.js';
import { request, waitForEnd, writeInput, type BatchPredictionLab } from '../../support/batch-prediction-lab.js';
import { echoGraph, type GraphInput } from '../../support/onnx-graphs.js';
import { modelOf } from '../../support/onnx-models.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestLab } from '../../support/test-lab.js';

/** FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

/** More than DuckDB's rows in a chunk. */
const ROWS = 2500;

interface Input {
  readonly valueType: ValueType;
  readonly tensor: NonNullable<GraphInput['type']>;
  /** null: the model does not name the output. */
  readonly output: ValueType | null;
  /** The types of columns that it can be read from, with values that fit and some that do not. */
  readonly columns: Readonly<Record<string, readonly [fit: readonly string[], others: readonly string[]]>>;
  readonly more?: object;
}

const WHOLE = ['0', '-5', '36'];
const FRACTIONS = ['0.1', '-2.5', '1e-7', '36'];
/** Inputs of an echo: each output is what the graph was given. */
const INPUTS: readonly Input[] = [
  {
    valueType: 'DOUBLE',
    tensor: 'FLOAT',
    output: 'DOUBLE',
    columns: {
      DOUBLE: [FRACTIONS, ['1e300', 'NULL', `'nan'`, `'-inf'`]],
      'DECIMAL(30,2)': [
        ['1.50', '36'],
        [`'1234567890123456789012345678.91'`, 'NULL'],
      ],
      FLOAT: [FRACTIONS, ['NULL']],
    },
  },
  {
    valueType: 'DOUBLE',
    tensor: 'DOUBLE',
    output: 'DOUBLE',
    columns: { BIGINT: [WHOLE, ['9007199254740993', 'NULL']] },
  },
  {
    valueType: 'DOUBLE',
    tensor: 'FLOAT',
    output: 'DOUBLE',
    more: { nullable: true },
    columns: { DOUBLE: [FRACTIONS, ['NULL', '1e39']] },
  },
  {
    valueType: 'DOUBLE',
    tensor: 'FLOAT',
    output: 'DOUBLE',
    more: { default: 0.25 },
    columns: { DOUBLE: [FRACTIONS, ['NULL']] },
  },
  { valueType: 'DOUBLE', tensor: 'FLOAT', output: 'INT64', columns: { DOUBLE: [WHOLE, ['0.5', `'nan'`, '1e19']] } },
  { valueType: 'DOUBLE', tensor: 'INT32', output: 'INT64', columns: { DOUBLE: [WHOLE, ['0.5', '3e9']] } },
  { valueType: 'DOUBLE', tensor: 'INT64', output: 'DOUBLE', columns: { DOUBLE: [WHOLE, ['0.5', '1e18', '1e19']] } },
  {
    valueType: 'INT64',
    tensor: 'INT64',
    output: 'INT64',
    columns: {
      BIGINT: [[...WHOLE, '-9223372036854775808', '9007199254740993'], ['NULL']],
      DOUBLE: [WHOLE, ['1.5', `'inf'`]],
      UBIGINT: [['5'], ['18446744073709551615']],
    },
  },
  {
    valueType: 'INT64',
    tensor: 'FLOAT',
    output: 'DOUBLE',
    columns: { BIGINT: [WHOLE, ['16777217', '9007199254740992', '9007199254740993', 'NULL']] },
  },
  { valueType: 'INT64', tensor: 'DOUBLE', output: 'INT64', columns: { BIGINT: [WHOLE, ['9007199254740993']] } },
  {
    valueType: 'INT64',
    tensor: 'INT8',
    output: 'BOOL',
    columns: {
      INTEGER: [
        ['0', '1'],
        ['2', '128'],
      ],
    },
  },
  { valueType: 'INT64', tensor: 'UINT64', output: 'INT64', columns: { BIGINT: [['0', '36'], ['-1']] } },
  { valueType: 'BOOL', tensor: 'BOOL', output: 'BOOL', columns: { BOOLEAN: [['true', 'false'], ['NULL']] } },
  { valueType: 'BOOL', tensor: 'FLOAT', output: 'DOUBLE', columns: { BOOLEAN: [['true', 'false'], ['NULL']] } },
  { valueType: 'BOOL', tensor: 'INT64', output: 'INT64', columns: { BOOLEAN: [['true', 'false'], ['NULL']] } },
  {
    valueType: 'STRING',
    tensor: 'STRING',
    output: 'STRING',
    columns: {
      VARCHAR: [[`''`, `'1E5'`, `'a "b",✈'`, `'a text of more than twelve bytes'`], ['NULL']],
      INTEGER: [WHOLE, ['NULL']],
    },
  },
];

const ARRAY: Input = {
  valueType: 'DOUBLE_ARRAY',
  tensor: 'FLOAT',
  output: null,
  columns: {
    'DOUBLE[]': [['[0.5, -1, 36]'], ['[]', '[1, NULL, 3]', 'NULL', '[1e300, 0, 1]', '[1, 2]']],
    'DECIMAL(5,1)[3]': [['[0.5, -1, 36]'], ['NULL', '[0.1, NULL, 1]']],
  },
};

/** Columns that pass through. */
const PASSED: Readonly<Record<string, readonly string[]>> = {
  TINYINT: ['-128', 'NULL'],
  BIGINT: ['9007199254740993', 'NULL'],
  FLOAT: ['0.1', `'inf'`],
  DOUBLE: ['5e-324', `'nan'`, `'-0.0'`, 'NULL'],
  'DECIMAL(38,2)': [`'123456789012345678901234567890123456.78'`],
  VARCHAR: [`''`, `'null'`, `'a "b",' || chr(10) || '✈'`, 'NULL'],
  BLOB: [`'\\x00\\xFF'`, 'NULL'],
  UUID: [`'7aabf6bb-626a-41fa-93aa-a0552449f131'`],
  DATE: [`'2024-01-05'`, 'NULL'],
  TIME: [`'10:11:12.000001'`],
  TIMESTAMP: [`'2024-01-05 10:00:00.123456'`, 'NULL'],
  TIMESTAMP_NS: [`'2024-01-05 10:00:00.123456'`, `'2024-01-05 10:00:00.123456789'`],
  'TIMESTAMP WITH TIME ZONE': [`'2024-01-05 10:00:00.5+02'`],
  JSON: [`'{"a": 1E5}'`, 'NULL'],
  'INTEGER[]': ['[1, NULL, 3]', '[]', 'NULL'],
  'DOUBLE[2]': [`['0.1', 'nan']`],
  'STRUCT(a INTEGER, b DATE)': ['{a: 1, b: NULL}', 'NULL'],
  'MAP(VARCHAR, DECIMAL(38,2))': [`MAP {'a, b': '12345678901234567890.10', 'c': NULL}`],
};

interface Table {
  readonly model: Model;
  readonly sql: string;
}

const PICKED = fc.record({
  inputs: fc.shuffledSubarray([...INPUTS], { minLength: 5, maxLength: 9 }),
  passed: fc.shuffledSubarray(Object.keys(PASSED), { minLength: 4, maxLength: 10 }),
  batchSize: fc.integer({ min: 40, max: 4000 }),
  replicas: fc.integer({ min: 1, max: 3 }),
  salt: fc.nat(),
  column: fc.nat(),
});
type Picked = typeof PICKED extends fc.Arbitrary<infer Value> ? Value : never;

async function tableOf({ inputs: scalars, passed, salt, column }: Picked): Promise<Table> {
  const inputs = column % 2 === 0 ? scalars : [...scalars, ARRAY];
  const graph = echoGraph(
    inputs.map(({ tensor, valueType }, index) => ({
      name: `x${index}`,
      type: tensor,
      shape: valueType === 'DOUBLE_ARRAY' ? ['n', 3] : ['n'],
    })),
  );
  const model = await modelOf(graph, {
    inputs: inputs.map(({ valueType, more }, index) => ({ name: `x${index}`, valueType, ...more })),
    outputs: inputs.flatMap(({ output }, index) => (output ? [{ name: `x${index}_out`, valueType: output }] : [])),
  });
  const value = (type: string, values: readonly string[], index: number): string =>
    `([${values.map((one) => `CAST(${one} AS ${type})`).join(', ')}])[1 + CAST(hash(i, ${salt}, ${index}) % ${values.length} AS INTEGER)]`;
  const read = inputs.map(({ columns }, index) => {
    const types = Object.keys(columns);
    const type = types[column % types.length]!;
    const [fit, others] = columns[type]!;
    // A row in about ten has a value that does not fit.
    const values = [...Array.from({ length: 90 }, (_, place) => fit[place % fit.length]!), ...others];
    return `${value(type, values, index)} AS x${index}`;
  });
  const kept = passed.map((type, index) => `${value(type, PASSED[type]!, 100 + index)} AS c${index}`);
  return { model, sql: `SELECT ${[...read, ...kept].join(', ')} FROM range(${ROWS}) AS numbers(i)` };
}

/** A model that takes columns, or only instances. */
class WatchedServing implements ModelServing {
  readonly runtime = 'ONNX';
  /** Batches of columns. */
  batches = 0;
  readonly #serving = new OnnxServing();

  constructor(private readonly takes: 'COLUMNS' | 'INSTANCES') {}

  check = (model: Model) => this.#serving.check(model);
  findHealthFault = () => this.#serving.findHealthFault();

  async open(...asked: Parameters<ModelServing['open']>): ReturnType<ModelServing['open']> {
    const predictor = await this.#serving.open(...asked);
    const { columns } = predictor;
    const counted: ColumnPredictor | undefined = columns && {
      predict: (batch, signal) => {
        this.batches += 1;
        return columns.predict(batch, signal);
      },
    };
    return {
      predict: (batch) => predictor.predict(batch),
      columns: this.takes === 'COLUMNS' ? counted : undefined,
      close: () => predictor.close(),
    };
  }
}

/** What a job writes. */
async function outcome(lab: BatchPredictionLab, model: Model, input: BatchInput, picked: Picked): Promise<unknown> {
  const { batchSize, replicas } = picked;
  const asked = request(input, { model, batchSize, replicas, output: { format: 'PARQUET', location: 'out' } });
  const { state, error, progress } = await waitForEnd(lab, (await lab.batch.start(asked)).id);
  expect(lab.errors).toEqual([]);
  const read = (kind: string, select: string): Promise<unknown[]> =>
    lab.scratch.use(async (connection) => {
      const from = `read_parquet('${join(lab.files.folder, 'out', `${kind}-*.parquet`)}')`;
      return (await connection.runAndReadAll(select.replace('FILES', from))).getRowObjectsJson();
    });
  const texts = 'instance_number, CAST(instance AS VARCHAR) AS instance, CAST(prediction AS VARCHAR) AS prediction';
  return {
    state,
    error,
    progress,
    types: await read('predictions', 'DESCRIBE SELECT * FROM FILES'),
    // In the order of the files.
    predictions: await read('predictions', `SELECT ${texts} FROM FILES`),
    failures: progress.failed > 0n ? await read('errors', 'SELECT * FROM FILES') : [],
  };
}

describe(`a batch prediction by columns (seed ${seed})`, () => {
  const runs = fc.sample(PICKED, { seed, numRuns: 3 });
  const cases = runs.flatMap((picked, run) =>
    (['in.parquet', 'in.csv', 'wide'] as const).map((input) => [run, input, picked] as const),
  );

  it.each(cases)('gives what it gives by instances: %s, %s', async (_, name, picked) => {
    const { model, sql } = await tableOf(picked);
    const both: unknown[] = [];
    const servings = [new WatchedServing('COLUMNS'), new WatchedServing('INSTANCES')];
    for (const runsModels of servings) {
      const lab = await openTestLab({ folder: temporaryFolder(), model, runsModels });
      if (name === 'wide') await lab.offline.use((connection) => connection.run(`CREATE TABLE wide AS ${sql}`));
      else await writeInput(lab, name, sql);
      const format = name === 'in.csv' ? 'CSV' : 'PARQUET';
      const input: BatchInput =
        name === 'wide' ? { kind: 'TABLE', table: name } : { kind: 'FILES', files: [name], format };
      both.push(await outcome(lab, model, input, picked));
    }
    expect(servings.map(({ batches }) => batches > 0)).toEqual([true, false]);
    const [columns, instances] = both as [{ predictions: unknown[]; failures: unknown[] }, unknown];
    expect(columns.predictions.length).toBeGreaterThan(0);
    expect(columns.predictions.length + columns.failures.length).toBe(ROWS);
    expect(columns).toEqual(instances);
  });
});
