import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { register } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../config/load-config.js';
import { startGateway, type Gateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { askAlone } from '../../support/ask-alone.js';
import { linear, startModelServer } from '../../support/model-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

/** An operator who charges a cent for each second of a worker, and a millionth of a dollar for about each byte. */
const PRICES = {
  name: 'this-machine',
  region: 'local',
  effectiveDate: '2999-01-01',
  source: 'A test',
  currency: 'USD',
  meters: {
    'machine-hour': {
      unit: 'worker hour',
      description: 'Worker',
      prices: [{ sku: 'worker', unitPrice: '36', quality: 'assumed', source: 'A test' }],
    },
    'offline-scan-tib': {
      unit: 'TiB',
      description: 'Scan',
      prices: [{ sku: 'scan', unitPrice: '1000000', quality: 'assumed', source: 'A test' }],
    },
  },
};

const REGISTRY = (origin: string) => `featurestores:
  - name: shop
    entityTypes:
      - name: customer
        entityIdColumns: [customer]
        sources:
          - sql: totals.sql
            timestampColumn: moment
            features: [{ name: total, valueType: INT64 }, { name: city, valueType: STRING }]
models:
${['score', 'other', 'third']
  .map(
    (name) => `  - name: ${name}
    http: { url: '${origin}/predict' }
    inputs: [{ name: a, valueType: DOUBLE }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]`,
  )
  .join('\n')}
`;

let server: Awaited<ReturnType<typeof startModelServer>>;
let gateway: Gateway;
let folder: string;
/** Ends the wait of a batch that takes as long as a test says. */
let goOn: (value: undefined) => void;
let gate: Promise<undefined>;

const config = (budgets: string) =>
  parseConfig({
    FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
    FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
    FEATUREGRAPH_PRICE_BOOKS: join(folder, 'prices.json'),
    FEATUREGRAPH_DAILY_BUDGETS_USD: budgets,
    FEATUREGRAPH_GRAPHIQL: 'false',
    PORT: '0',
  });
const serve = (budgets: string) => {
  // The metrics of a gateway are those of its process; here several come one after the other.
  register.clear();
  return startGateway({ config: config(budgets), logger: createLogger('silent'), onPrepare: () => undefined });
};

beforeEach(async () => {
  folder = temporaryFolder();
  gate = Promise.resolve(undefined);
  server = await startModelServer({
    '/predict': async ({ instances }) => {
      await gate;
      return { predictions: instances.map(linear) };
    },
  });
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY(server.origin));
  writeFileSync(join(folder, 'prices.json'), JSON.stringify(PRICES));
  writeFileSync(
    join(folder, 'totals.sql'),
    `SELECT 'c' || i AS customer, TIMESTAMP '2026-01-01' + INTERVAL (i) HOUR AS moment, i AS total, repeat('x', 50) AS city
FROM range(1000) AS numbers(i)`,
  );
  gateway = await serve('anonymous=0.25');
  const lines = Array.from({ length: 100 }, (_, i) => JSON.stringify({ a: i, b: 1 }));
  writeFileSync(join(folder, 'data/files/in.jsonl'), `${lines.join('\n')}\n`);
});
afterEach(async () => {
  await gateway.stop();
  await server.close();
});

const ask = (query: string, variables: object = {}): Promise<any> => askAlone(gateway.url, query, variables);

const COSTS = 'estimatedCost { total { currency amount } assumptions priceBook { id } } costSoFar { amount }';
async function start(input: object) {
  const { data, errors } = await ask(
    `mutation ($input: StartBatchPredictionInput!) { startBatchPrediction(input: $input) {
      job { id ${COSTS} } userErrors { code field message estimate } } }`,
    { input: { displayName: 'test', input: { files: { paths: ['in.jsonl'] } }, output: {}, batchSize: 10, ...input } },
  );
  expect(errors).toBeUndefined();
  return data.startBatchPrediction;
}
async function ended(id: string): Promise<any> {
  let job: any;
  await until(async () => {
    const { data } = await ask(
      `query ($id: ID!) { batchPredictionJob(id: $id) { state progress { completed } ${COSTS} } }`,
      { id },
    );
    job = data.batchPredictionJob;
    return job.state === 'SUCCEEDED';
  });
  return job;
}

describe('the cost of a batch prediction', () => {
  it('is estimated from the rows of the input before it begins, and refused above maxCostUsd with the estimate', async () => {
    const refused = await start({ model: 'score', maxCostUsd: 0.09 });
    expect(refused.job).toBeNull();
    expect(refused.userErrors).toEqual([
      {
        code: 'COST_OVER_LIMIT',
        field: ['input', 'maxCostUsd'],
        message: expect.stringContaining('$0.10'),
        estimate: expect.objectContaining({ total: { currency: 'USD', amount: 0.1 } }),
      },
    ]);
    const { data } = await ask('{ jobs { nodes { id } } }');
    expect(data.jobs.nodes).toEqual([]);
    expect((await start({ model: 'score', maxCostUsd: -1 })).userErrors).toMatchObject([{ code: 'BAD_USER_INPUT' }]);
  });

  it('is said of the same input without starting anything, also when its output is there already', async () => {
    const query = `query ($job: StartBatchPredictionInput!) { estimateBatchPrediction(input: { job: $job }) {
      total { currency amount } assumptions priceBook { id } } }`;
    const output = { location: 'predicted' };
    const input = {
      displayName: 'test',
      model: 'score',
      input: { files: { paths: ['in.jsonl'] } },
      output,
      batchSize: 10,
    };
    const { data, errors } = await ask(query, { job: input });
    expect(errors).toBeUndefined();
    expect(data.estimateBatchPrediction.total).toEqual({ currency: 'USD', amount: 0.1 });
    expect((await ask('{ jobs { nodes { id } } }')).data.jobs.nodes).toEqual([]);
    const { job } = await start({ model: 'score', output });
    expect(job.estimatedCost).toEqual(data.estimateBatchPrediction);
    await ended(job.id);
    expect((await ask(query, { job: input })).errors).toBeUndefined();
    const missing = await ask(query, { job: { ...input, input: { files: { paths: ['none.jsonl'] } } } });
    expect(missing.errors).toMatchObject([{ extensions: { code: 'FILE_NOT_FOUND', field: 'input.job.input.files' } }]);
  });

  it('is measured when it ends, and teaches the next estimate of the model', async () => {
    const { job, userErrors } = await start({ model: 'score', maxCostUsd: 0.1, startingReplicaCount: 2 });
    expect(userErrors).toEqual([]);
    expect(job.estimatedCost).toMatchObject({
      total: { currency: 'USD', amount: 0.1 },
      priceBook: { id: 'priceBooks/this-machine@2999-01-01' },
    });
    expect(job.estimatedCost.assumptions.join()).toContain('assumed, as no job of this model');
    const done = await ended(job.id);
    expect(done.estimatedCost).toEqual(job.estimatedCost);
    expect(done.costSoFar.amount).toBeGreaterThan(0);

    const { data } = await ask(`{ estimateBatchPrediction(input: { figures: {
      rows: "100", model: "score", batchSize: 10, priceBook: "this-machine" } }) { total { amount } assumptions } }`);
    expect(data.estimateBatchPrediction.assumptions.join()).toContain('measured, in one past job');
    // Ten batches of what ten batches cost.
    expect(data.estimateBatchPrediction.total.amount).toBeCloseTo(done.costSoFar.amount, 6);
    const next = await start({ model: 'score' });
    expect(next.job.estimatedCost.total).toEqual({
      currency: 'USD',
      amount: data.estimateBatchPrediction.total.amount,
    });
    await ended(next.job.id);
  });

  it('is held against the budget of the day while it runs, and the next is refused, also by the next process', async () => {
    ({ promise: gate, resolve: goOn } = Promise.withResolvers<undefined>());
    const first = await start({ model: 'other', batchSize: 5 });
    expect(first.job.estimatedCost.total.amount).toBe(0.2);
    const again = { model: 'other', batchSize: 5, idempotencyKey: 'again' };
    const refusal = { code: 'COST_OVER_LIMIT', field: null, estimate: { total: { amount: 0.2 } } };
    expect((await start(again)).userErrors).toMatchObject([refusal]);
    await gateway.stop();
    gateway = await serve('anonymous=0.25');
    expect((await start(again)).userErrors).toMatchObject([refusal]);
    goOn(undefined);
    const { costSoFar } = await ended(first.job.id);
    // What it really cost has taken the place of the estimate.
    expect(costSoFar.amount).toBeLessThan(0.2);
    const admitted = await start({ ...again, model: 'third', batchSize: 50 });
    expect(admitted.userErrors).toEqual([]);
    await ended(admitted.job.id);
    // The same request is the same job, whatever it may cost by now.
    const repeated = await start({ ...again, model: 'third', batchSize: 50, maxCostUsd: 0 });
    expect(repeated.job.id).toBe(admitted.job.id);
  });
});

describe('the cost of a training set', () => {
  const trainingSet = (features: string[]) => ({
    featurestore: 'shop',
    entityType: 'customer',
    features,
    labels: { source: { rows: [{ customer: 'c1', timestamp: '2026-02-01T00:00:00Z' }] } },
  });
  const estimate = async (features: string[]) => {
    const { data, errors } = await ask(
      'query ($input: TrainingSetInput!) { estimateTrainingSet(input: $input) { total { amount } lines { quantity } } }',
      { input: trainingSet(features) },
    );
    expect(errors).toBeUndefined();
    return data.estimateTrainingSet;
  };

  it('is that of the columns it scans', async () => {
    const both = await estimate(['total', 'city']);
    const one = await estimate(['total']);
    // A thousand cities of 50 bytes.
    expect((both.lines[0].quantity - one.lines[0].quantity) * 2 ** 40).toBeCloseTo(50_000, 0);
    expect(both.total.amount).toBeGreaterThan(one.total.amount);
  });

  it('is refused above maxCostUsd, of a job as of a preview', async () => {
    const preview = (maxCostUsd: number | null) =>
      ask(
        `query ($input: TrainingSetInput!, $max: Float) { trainingSetPreview(input: $input, maxCostUsd: $max) { rows } }`,
        { input: trainingSet(['total']), max: maxCostUsd },
      );
    expect((await preview(0)).errors[0].extensions).toMatchObject({ code: 'COST_OVER_LIMIT', field: 'maxCostUsd' });
    expect((await preview(0.2)).data.trainingSetPreview.rows).toHaveLength(1);
    const begin = async (maxCostUsd: number) =>
      (
        await ask(
          `mutation ($input: StartTrainingSetInput!) { startTrainingSet(input: $input) {
            job { id estimatedCost { total { amount } } } userErrors { code field } } }`,
          { input: { trainingSet: trainingSet(['total']), maxCostUsd } },
        )
      ).data.startTrainingSet;
    expect((await begin(0)).userErrors).toEqual([{ code: 'COST_OVER_LIMIT', field: ['input', 'maxCostUsd'] }]);
    const { job } = await begin(0.2);
    expect(job.estimatedCost.total.amount).toBe((await estimate(['total'])).total.amount);
  });
});
