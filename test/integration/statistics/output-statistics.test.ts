import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { driftCommand } from '../../../cli/commands/drift.js';
import { statsCommand } from '../../../cli/commands/stats.js';
import type { Gateway } from '../../../main.js';
import { askAlone } from '../../support/ask-alone.js';
import { linear, startModelServer } from '../../support/model-server.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';
import { until } from '../../support/until.js';

/** By numpy and scipy (output_constants.py), from the same formulas. */
const CONSTANTS = JSON.parse(readFileSync(join(import.meta.dirname, 'output-constants.json'), 'utf8'));

const registry = (origin: string) => `featurestores:
  - name: shop
    entityTypes:
      - name: customer
        entityIdColumns: [customer]
        sources:
          - sql: orders.sql
            timestampColumn: moment
            features:
              - { name: amount, valueType: DOUBLE, driftThreshold: 0.01 }
              - { name: city, valueType: STRING }
              - { name: seen, valueType: TIMESTAMP }
models:
  - name: score
    http: { url: '${origin}/predict' }
    inputs: [{ name: a, valueType: DOUBLE }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
`;

/** 200 rows of January and 200 of February. */
const ORDERS = `SELECT 'c' || i AS customer, TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS moment,
  (i * 37 % 101) / 4 AS amount, ['Rome', 'Bern', 'Oslo'][i % 3 + 1] AS city, TIMESTAMP '2001-01-01' AS seen
FROM range(200) AS january(i)
UNION ALL SELECT 'c' || i, TIMESTAMP '2001-02-01' + INTERVAL (i) HOUR,
  CASE WHEN i % 50 <> 0 THEN (i * 53 % 97) / 3 END, CASE WHEN i % 5 = 0 THEN 'Oslo' ELSE 'Rome' END, NULL
FROM range(200) AS february(i)`;

let server: Awaited<ReturnType<typeof startModelServer>>;
let folder: string;
let gateway: Gateway;
let trainingSet: string;
let csv: string;
let first: string;
let second: string;
let lines: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
  server = await startModelServer({ '/predict': ({ instances }) => ({ predictions: instances.map(linear) }) });
  writeFileSync(join(folder, 'registry.yaml'), registry(server.origin));
  writeFileSync(join(folder, 'orders.sql'), ORDERS);
  gateway = await startRegistryGateway(folder);
  const files = join(folder, 'data/files');
  const rows = (count: number, of: (i: number) => number) =>
    Array.from({ length: count }, (_, i) => `${JSON.stringify({ a: of(i), b: 1 })}\n`).join('');
  writeFileSync(
    join(files, 'first.jsonl'),
    rows(100, (i) => i),
  );
  writeFileSync(
    join(files, 'second.jsonl'),
    rows(80, (i) => (i * i) / 50),
  );
  trainingSet = await makeTrainingSet('PARQUET');
  csv = await makeTrainingSet('CSV');
  first = await predict('first.jsonl', 'PARQUET');
  second = await predict('second.jsonl', 'TABLE');
  lines = await predict('first.jsonl', 'JSONL');
});
afterAll(async () => {
  await gateway.stop();
  await server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => void (process.exitCode = undefined));

const ask = (query: string, variables: object = {}): Promise<any> => askAlone(gateway.url, query, variables);

async function ended(started: any): Promise<string> {
  const [{ job, userErrors }] = Object.values<any>(started.data);
  expect(userErrors).toEqual([]);
  await until(async () => (await ask(`{ job(id: "${job.id}") { state } }`)).data.job.state === 'SUCCEEDED');
  return job.id;
}

async function makeTrainingSet(format: string): Promise<string> {
  const times = { events: { feature: 'amount', from: '2001-01-01T00:00:00Z', until: '2001-02-01T00:00:00Z' } };
  const definition = {
    featurestore: 'shop',
    entityType: 'customer',
    labels: { source: { generated: { times } } },
  };
  return ended(
    await ask(
      'mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) { job { id } userErrors { message } } }',
      { input: { trainingSet: definition, output: { format } } },
    ),
  );
}

async function predict(file: string, format: string): Promise<string> {
  const input = { displayName: 'x', model: 'score', input: { files: { paths: [file] } }, output: { format } };
  return ended(
    await ask(
      `mutation ($input: StartBatchPredictionInput!) { startBatchPrediction(input: $input) { job { id } userErrors { message } } }`,
      { input },
    ),
  );
}

const ofTrainingSet = async (id: string, fields: string) => {
  const { data, errors } = await ask(`{ job(id: "${id}") { ... on TrainingSetJob { output { ${fields} } } } }`);
  return { output: data.job.output, errors };
};
const ofPredictions = async (id: string, fields: string) => {
  const { data, errors } = await ask(`{ batchPredictionJob(id: "${id}") { output { ${fields} } } }`);
  return { output: data.batchPredictionJob.output, errors };
};

const STATISTICS =
  'column valueType statistics { count missing mean standardDeviation quantiles { share value } histogram { count } }';

function expectStatistics(statistics: any, expected: any): void {
  expect(statistics.mean).toBeCloseTo(expected.mean, 9);
  expect(statistics.standardDeviation).toBeCloseTo(expected.standardDeviation, 9);
  expect(statistics.quantiles.find(({ share }: any) => share === 0.5).value).toBe(expected.median);
  expect(statistics.histogram.map(({ count }: any) => Number(count))).toEqual(expected.histogram);
}

describe('the statistics of the output of a job', () => {
  it('are those of numpy, for the columns of features and labels of a training set', async () => {
    const { output, errors } = await ofTrainingSet(trainingSet, `statistics { ${STATISTICS} }`);
    expect(errors).toBeUndefined();
    expect(output.statistics.map(({ column, valueType }: any) => [column, valueType])).toEqual([
      ['timestamp', 'TIMESTAMP'],
      ['customer', 'STRING'],
      ['amount', 'DOUBLE'],
      ['city', 'STRING'],
      ['seen', 'TIMESTAMP'],
    ]);
    const { statistics } = output.statistics.find(({ column }: any) => column === 'amount');
    expect(statistics).toMatchObject({ count: '200', missing: '0' });
    expectStatistics(statistics, CONSTANTS.trainingSet);
  });

  it('are those of numpy, for predictions in files and in a table', async () => {
    const { output } = await ofPredictions(first, `statistics(columns: ["prediction.y"]) { ${STATISTICS} }`);
    expect(output.statistics[0].statistics.count).toBe('100');
    expectStatistics(output.statistics[0].statistics, CONSTANTS.predictions);
    const table = await ofPredictions(second, 'statistics { column statistics { count } }');
    expect(table.output.statistics).toEqual(
      ['prediction.y', 'instance.a', 'instance.b'].map((column) => ({ column, statistics: { count: '80' } })),
    );
  });

  it('are refused for a format without types, and for an unknown column, by the name of the argument', async () => {
    const { errors } = await ofTrainingSet(csv, 'statistics { column }');
    expect(errors).toMatchObject([{ message: expect.stringContaining('CSV'), extensions: { code: 'BAD_USER_INPUT' } }]);
    expect((await ofPredictions(lines, 'statistics { column }')).errors).toHaveLength(1);
    const unknown = await ofTrainingSet(trainingSet, 'statistics(columns: ["amount", "nothing"]) { column }');
    expect(unknown.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'columns[1]' } }]);
  });

  it('are printed by featuregraph stats --job', async () => {
    let out = '';
    const run = (...args: string[]) =>
      statsCommand((text) => (out += text)).parseAsync([...args, '--url', gateway.url], { from: 'user' });
    await run('--job', trainingSet);
    expect(out).toMatch(/amount +│ DOUBLE +│ 200 /);
    out = '';
    await run('--job', first, '--column', 'prediction.y');
    expect(out).toMatch(/^prediction\.y: DOUBLE\n {2}values +100\n/);
  });
});

const METRICS = ['JENSEN_SHANNON', 'L_INFINITY', 'POPULATION_STABILITY_INDEX', 'WASSERSTEIN'] as const;
const FEBRUARY = 'range: { from: "2001-02-01T00:00:00Z", before: "2001-03-01T00:00:00Z" }';

describe('the drift of the output of a job', () => {
  it.each(METRICS)('is the %s of scipy, of a training set against what is served', async (metric) => {
    const { output, errors } = await ofTrainingSet(
      trainingSet,
      `drift(${FEBRUARY}, columns: ["amount"], metric: ${metric}) { drift { metric distance baselineCount count missing } }`,
    );
    expect(errors).toBeUndefined();
    const [{ drift }] = output.drift;
    expect(drift).toMatchObject({ metric, baselineCount: '200', count: '196', missing: '4' });
    expect(Math.abs(drift.distance - CONSTANTS.serving[metric])).toBeLessThanOrEqual(1e-9);
  });

  it.each(METRICS)('is the %s of scipy, of the predictions of two jobs', async (metric) => {
    const { output, errors } = await ofPredictions(
      second,
      `drift(baselineJob: "${first}", columns: ["prediction.y"], metric: ${metric}) { drift { distance } }`,
    );
    expect(errors).toBeUndefined();
    expect(Math.abs(output.drift[0].drift.distance - CONSTANTS.jobs[metric])).toBeLessThanOrEqual(1e-9);
  });

  it('is of all features that can be compared, with the threshold of the registry', async () => {
    const { output } = await ofTrainingSet(
      trainingSet,
      `drift(${FEBRUARY}) { column drift { metric distance threshold isDrift } }`,
    );
    expect(output.drift).toEqual([
      {
        column: 'amount',
        drift: { metric: 'JENSEN_SHANNON', distance: expect.any(Number), threshold: 0.01, isDrift: true },
      },
      { column: 'city', drift: { metric: 'L_INFINITY', distance: expect.any(Number), threshold: 0.3, isDrift: true } },
    ]);
    expect(output.drift[1].drift.distance).toBeCloseTo(CONSTANTS.servingCity, 9);
  });

  it('is refused for a column that is no feature, and for a job that is no prediction', async () => {
    const { errors } = await ofTrainingSet(trainingSet, `drift(${FEBRUARY}, columns: ["customer"]) { column }`);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'columns' } }]);
    const other = await ofPredictions(second, `drift(baselineJob: "${trainingSet}") { column }`);
    expect(other.errors).toMatchObject([{ extensions: { code: 'JOB_NOT_FOUND', field: 'baselineJob' } }]);
  });

  it('is printed by featuregraph drift --job, which ends with 2', async () => {
    let out = '';
    const run = (...args: string[]) =>
      driftCommand((text) => (out += text)).parseAsync([...args, '--url', gateway.url], { from: 'user' });
    await run('--job', trainingSet, '--from', '2001-02-01T00:00:00Z', '--column', 'city');
    expect(out).toMatch(/city +│ L_INFINITY +│ 0\.\d+ +│ 0\.3 +│ yes +│ 200 +│ 200 /);
    expect(process.exitCode).toBe(2);
    await run('--job', second, '--baseline-job', first, '--column', 'prediction.y');
    expect(out).toMatch(/prediction\.y +│ JENSEN_SHANNON/);
    await expect(run('--job', trainingSet, '--baseline-job', first)).rejects.toThrow(/is a training set.*--from/);
    await expect(run('--job', first, '--from', '2001-02-01T00:00:00Z')).rejects.toThrow(
      /is a batch prediction.*--baseline-job/,
    );
    await expect(run('--job', first)).rejects.toThrow('Say what the output of the job is compared with:');
  });
});
