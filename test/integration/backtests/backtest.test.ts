import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../main.js';
import { askAlone } from '../../support/ask-alone.js';
import { linear, startModelServer } from '../../support/model-server.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

/** By scikit-learn and scipy (metric_constants.py), from the same formulas. */
const CONSTANTS = JSON.parse(readFileSync(join(import.meta.dirname, 'metric-constants.json'), 'utf8'));

const registry = (origin: string) => `featurestores:
  - name: shop
    entityTypes:
      - name: customer
        entityIdColumns: [customer]
        sources:
          - sql: values.sql
            timestampColumn: moment
            createdTimestampColumn: written
            features: [{ name: a, valueType: DOUBLE }, { name: spent, valueType: INT64 }]
models:
  - name: score
    http: { url: '${origin}/linear' }
    inputs: [{ name: a, valueType: DOUBLE }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
  - name: chance
    http: { url: '${origin}/chance' }
    inputs: [{ name: p, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
  - name: own
    http: { url: '${origin}/numbered' }
    inputs: [{ name: a, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
  - name: numbered
    http: { url: '${origin}/numbered' }
    inputs: [{ name: a, valueType: DOUBLE, nullable: true }, { name: number, valueType: INT64 }]
    outputs: [{ name: y, valueType: DOUBLE }]
  - name: exact
    http: { url: '${origin}/exact' }
    inputs: [{ name: a, valueType: DOUBLE, nullable: true }]
    outputs: [{ name: y, valueType: INT64 }]
`;

const EXACT = '9007199254740993';

/** Seconds since 2001-01-01. */
const T = (seconds: number): string => new Date(Date.UTC(2001, 0, 1) + seconds * 1000).toISOString();
const HOUR = 3600;
const WEEK = 168 * HOUR;

let folder: string;
let server: Awaited<ReturnType<typeof startModelServer>>;
let gateway: Gateway;
/** Ends the wait of the model that a test holds. */
let goOn: (value: undefined) => void;
let gate: Promise<undefined>;

async function serve(sql: string): Promise<void> {
  writeFileSync(join(folder, 'registry.yaml'), registry(server.origin));
  writeFileSync(join(folder, 'values.sql'), sql);
  gateway = await startRegistryGateway(folder);
}

beforeEach(async () => {
  folder = temporaryFolder();
  gate = Promise.resolve(undefined);
  server = await startModelServer({
    '/linear': async ({ instances }) => {
      await gate;
      return { predictions: instances.map(linear) };
    },
    '/chance': ({ instances }) => ({ predictions: instances.map(({ p }) => ({ y: p })) }),
    '/exact': ({ instances }, response) => {
      // A double does not have it, so it is no number of JavaScript.
      const predictions = instances.map((_, index) => `{"y":${index === 1 ? EXACT : '7'}}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"predictions":[${predictions.join(',')}]}`);
    },
    '/numbered': ({ instances }) => ({ predictions: instances.map(() => ({ y: 0 })) }),
  });
});
afterEach(async () => {
  await gateway.stop();
  await server.close();
});

const ask = (query: string, variables: object = {}): Promise<any> => askAlone(gateway.url, query, variables);

async function start(input: object): Promise<any> {
  const { data, errors } = await ask(
    'mutation ($input: StartBacktestInput!) { startBacktest(input: $input) { job { id } userErrors { code field message } } }',
    { input },
  );
  expect(errors).toBeUndefined();
  return data.startBacktest;
}

const RESULT = `state error { code message } progress { completed failed total } task output isKnownAtMoment
  actual { column feature horizonSeconds } model { name }
  series { from before rows failed scored meanAbsoluteError rootMeanSquaredError bias accuracy logLoss areaUnderRocCurve precision recall }
  drift { input metric distances }`;

async function ended(input: object): Promise<any> {
  const { job, userErrors } = await start(input);
  expect(userErrors).toEqual([]);
  let found: any;
  await until(async () => {
    const { data, errors } = await ask(`{ job(id: "${job.id}") { ... on BacktestJob { ${RESULT} } } }`);
    expect(errors).toBeUndefined();
    found = data.job;
    return ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(found.state);
  });
  return found;
}

const trainingSet = (rows: readonly object[], features = ['a']) => ({
  featurestore: 'shop',
  entityType: 'customer',
  features,
  labels: { source: { rows } },
});

/** A value an hour before each of 120 moments: 40 a week. `spent` is seen a minute after it, and corrected a day later. */
const WEEKS = `SELECT 'c' || i AS customer, TIMESTAMP '2001-01-01' + to_seconds(${WEEK} * (i // 40) + i % 40 * 600) - INTERVAL 1 HOUR AS moment,
  moment AS written, (i * 7 % 23) / 2 AS a, NULL::BIGINT AS spent FROM range(120) AS numbers(i)
UNION ALL SELECT 'c' || i, TIMESTAMP '2001-01-01' + to_seconds(${WEEK} * (i // 40) + i % 40 * 600 + 60) AS moment, moment, 1000, i * 11 % 37
FROM range(120) AS numbers(i) WHERE i <> 0`;
const LABELS = Array.from({ length: 120 }, (_, i) => ({
  customer: `c${i}`,
  timestamp: T(WEEK * Math.floor(i / 40) + (i % 40) * 600),
  b: i % 5,
  actual: (i * 11) % 37,
  p: (((i * 13) % 20) + 0.5) / 20,
  happened: (i * 3) % 7 < 3,
}));

function expectSeries(series: any, names: readonly string[]): void {
  for (const name of names) {
    series[name].forEach((value: number, week: number) => {
      expect(Math.abs(value - CONSTANTS[week][name]), `${name} of week ${week}`).toBeLessThanOrEqual(1e-9);
    });
  }
}

describe('a backtest', () => {
  it('has the metrics of scikit-learn for a regression, by week, and the drift of scipy', async () => {
    await serve(WEEKS);
    const job = await ended({
      model: 'score',
      trainingSet: trainingSet(LABELS),
      actual: { column: 'actual' },
      window: { weeks: 1 },
    });
    expect(job).toMatchObject({
      state: 'SUCCEEDED',
      error: null,
      task: 'REGRESSION',
      output: 'y',
      isKnownAtMoment: true,
      progress: { completed: '120', failed: '0', total: '120' },
      actual: { column: 'actual', feature: null, horizonSeconds: null },
      model: { name: 'score' },
      series: {
        from: ['2001-01-01T00:00:00Z', '2001-01-08T00:00:00Z', '2001-01-15T00:00:00Z'],
        before: ['2001-01-08T00:00:00Z', '2001-01-15T00:00:00Z', '2001-01-22T00:00:00Z'],
        rows: ['40', '40', '40'],
        scored: ['40', '40', '40'],
        accuracy: null,
      },
    });
    expectSeries(job.series, ['meanAbsoluteError', 'rootMeanSquaredError', 'bias']);
    const ofA = job.drift.find(({ input }: any) => input === 'a');
    expect(ofA.metric).toBe('JENSEN_SHANNON');
    ofA.distances.forEach((distance: number, week: number) =>
      expect(Math.abs(distance - CONSTANTS[week].driftOfA)).toBeLessThanOrEqual(1e-9),
    );
  });

  it('has the metrics of scikit-learn for a classification, at the threshold', async () => {
    await serve(WEEKS);
    const job = await ended({
      model: 'chance',
      trainingSet: trainingSet(LABELS),
      actual: { column: 'happened' },
      task: 'CLASSIFICATION',
      threshold: 0.6,
      window: { weeks: 1 },
    });
    expect(job.error).toBeNull();
    expectSeries(job.series, ['accuracy', 'logLoss', 'areaUnderRocCurve', 'precision', 'recall']);
    expect(job.series.meanAbsoluteError).toBeNull();
  });

  it('fails for an integer that no double has, and names it', async () => {
    await serve(WEEKS);
    const job = await ended({
      model: 'exact',
      trainingSet: trainingSet(LABELS),
      actual: { column: 'actual' },
      window: { weeks: 1 },
    });
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'VALUE_NOT_REPRESENTABLE' } });
    expect(job.error.message).toContain(EXACT);
    expect(job.error.message).toContain('row 1 ');
  });

  it('fails for an actual integer that no double has, and names it', async () => {
    await serve(WEEKS.replace('i * 11 % 37', EXACT));
    const regular = { from: T(WEEK + 600), until: T(WEEK + 601), every: { days: 1 } };
    const job = await ended({
      model: 'own',
      trainingSet: { ...trainingSet([]), labels: { source: { generated: { times: { regular } } } } },
      actual: { feature: { name: 'spent', horizonSeconds: 60 } },
      window: { days: 1 },
    });
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'VALUE_NOT_REPRESENTABLE' } });
    expect(job.error.message).toContain(`The actual value of "spent" in row`);
    expect(job.error.message).toContain(`is ${EXACT}. `);
  });

  it('compares with a feature of some time later, at moments without a list', async () => {
    await serve(WEEKS);
    const regular = { from: T(WEEK + 600), until: T(WEEK + 601), every: { days: 1 } };
    const labels = { source: { generated: { times: { regular } } } };
    const input = {
      model: 'own',
      trainingSet: { ...trainingSet([]), labels },
      actual: { feature: { name: 'spent', horizonSeconds: 60 } },
      window: { days: 1 },
    };
    const job = await ended(input);
    // 48 customers are known then. c41 alone spends something within a minute.
    expect(job).toMatchObject({
      error: null,
      actual: { column: null, feature: 'spent', horizonSeconds: 60 },
      series: { rows: ['48'], scored: ['1'], meanAbsoluteError: [(41 * 11) % 37] },
    });
    const shorter = await ended({ ...input, actual: { feature: { name: 'spent', horizonSeconds: 59 } } });
    expect(shorter.series).toMatchObject({ scored: ['0'], meanAbsoluteError: [null] });
  });

  it('gives a model its inputs alone, also one behind HTTP', async () => {
    await serve(WEEKS);
    await ended({
      model: 'score',
      trainingSet: trainingSet(LABELS, ['a', 'spent']),
      actual: { column: 'actual' },
      window: { weeks: 1 },
    });
    const instances = server.requests.flatMap(({ body }) => body.instances);
    expect(instances).toHaveLength(120);
    expect(new Set(instances.map((instance) => Object.keys(instance).sort().join()))).toEqual(new Set(['a,b']));
  });

  it('is cancelled while the model predicts', async () => {
    gate = new Promise((resolve) => (goOn = resolve));
    await serve(WEEKS);
    const input = {
      model: 'score',
      trainingSet: trainingSet(LABELS),
      actual: { column: 'actual' },
      window: { days: 1 },
    };
    const { job } = await start({ ...input, batchSize: 10 });
    await until(async () => server.requests.length > 0);
    const cancelled = await ask(`mutation { cancelJob(input: { id: "${job.id}" }) { job { id } } }`);
    expect(cancelled.errors).toBeUndefined();
    goOn(undefined);
    const state = async () =>
      (await ask(`{ job(id: "${job.id}") { state ... on BacktestJob { series { rows } } } }`)).data.job;
    await until(async () => (await state()).state === 'CANCELLED');
    expect((await state()).series).toBeNull();
  });

  it.each([
    ['an actual value that is an input', { actual: { column: 'b' } }, ['input', 'actual', 'column']],
    ['an unknown model', { model: 'nothing' }, ['input', 'model']],
    ['a window without length', { window: { days: 0 } }, ['input', 'window']],
    ['a threshold above 1', { task: 'CLASSIFICATION', threshold: 2 }, ['input', 'threshold']],
    ['an unknown output', { output: 'z' }, ['input', 'output']],
    [
      'a horizon of 0',
      { actual: { feature: { name: 'a', horizonSeconds: 0 } } },
      ['input', 'actual', 'feature', 'horizonSeconds'],
    ],
    ['knownAt', { trainingSet: { ...trainingSet(LABELS), knownAt: T(0) } }, ['input', 'trainingSet', 'knownAt']],
    [
      'an unknown time column',
      { trainingSet: { ...trainingSet(LABELS), labels: { source: { rows: LABELS }, timeColumn: 'when' } } },
      ['input', 'trainingSet', 'labels', 'timeColumn'],
    ],
  ])('is refused for %s, by the field', async (_, wrong, field) => {
    await serve(WEEKS);
    const input = {
      model: 'score',
      trainingSet: trainingSet(LABELS),
      actual: { column: 'actual' },
      window: { days: 1 },
    };
    const { job, userErrors } = await start({ ...input, ...wrong });
    expect(job).toBeNull();
    expect(userErrors).toMatchObject([{ field }]);
  });

  it('is refused with windows that are too long, and fails with too many before the model predicts', async () => {
    await serve(WEEKS);
    const input = { model: 'score', trainingSet: trainingSet(LABELS), actual: { column: 'actual' } };
    for (const window of [{ weeks: 2_147_483_647 }, { days: 365_251 }, { days: 0 }]) {
      const { job, userErrors } = await start({ ...input, window });
      expect([job, userErrors]).toMatchObject([null, [{ code: 'BAD_USER_INPUT', field: ['input', 'window'] }]]);
    }
    const { state, error } = await ended({ ...input, window: { seconds: 1 } });
    expect([state, error.code]).toEqual(['FAILED', 'BAD_USER_INPUT']);
    expect(server.requests).toEqual([]);
  });

  it('has a last window that ends with the latest time', async () => {
    await serve(WEEKS);
    const labels = [{ customer: 'c1', timestamp: '9999-12-31T12:00:00Z', b: 1, actual: 2 }];
    const { error, series } = await ended({
      model: 'score',
      trainingSet: trainingSet(labels),
      actual: { column: 'actual' },
      window: { days: 365_250 },
    });
    expect(error).toBeNull();
    expect(series).toMatchObject({ before: ['9999-12-31T23:59:59.999999Z'], rows: ['1'] });
  });

  it('has an estimate without a start', async () => {
    await serve(WEEKS);
    const input = {
      model: 'score',
      trainingSet: trainingSet(LABELS),
      actual: { column: 'actual' },
      window: { days: 1 },
    };
    const { data, errors } = await ask(
      'query ($input: StartBacktestInput!) { estimateBacktest(input: $input) { total { amount } } }',
      { input },
    );
    expect(errors).toBeUndefined();
    expect(data.estimateBacktest.total.amount).toBe(0);
    expect((await ask('{ jobs(filter: { kinds: [BACKTEST] }) { nodes { id } } }')).data.jobs.nodes).toEqual([]);
  });
});

interface Row {
  readonly at: number;
  readonly written: number;
  readonly value: number;
}

/** What was known at a moment: of the rows that were true and written by then, the newest, and of those the last written. */
function knownAt(rows: readonly Row[], moment: number): number | null {
  const known = rows.filter(({ at, written }) => at <= moment && written <= moment);
  known.sort((one, other) => one.at - other.at || one.written - other.written);
  return known.at(-1)?.value ?? null;
}

it('predicts from what was known at each moment and from nothing else, for any history', async () => {
  const row = fc.record({ at: fc.nat(20), delay: fc.nat(8) });
  const customer = fc.record({
    rows: fc.uniqueArray(row, { maxLength: 8, selector: ({ at, delay }) => at + delay }),
    moments: fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }),
  });
  const [customers = []] = fc.sample(fc.array(customer, { minLength: 200, maxLength: 200 }), { numRuns: 1 });
  const histories = customers.map(({ rows }, c) =>
    rows.map(({ at, delay }, index): Row => ({ at, written: at + delay, value: c * 100 + index })),
  );
  const values = histories.flatMap((rows, c) =>
    rows.map(
      ({ at, written, value }) =>
        `('c${c}', TIMESTAMP '${T(at)}'::TIMESTAMP, TIMESTAMP '${T(written)}'::TIMESTAMP, ${value})`,
    ),
  );
  const sql = values.map((each) => each.replaceAll(/T(\d\d:\d\d:\d\d)\.000Z/g, ' $1')).join(', ');
  await serve(
    `SELECT customer, moment, written, a::DOUBLE AS a, 0 AS spent FROM (VALUES ${sql}) AS v(customer, moment, written, a)`,
  );
  const labels = customers.flatMap(({ moments }, c) => moments.map((moment) => ({ c, moment })));
  const job = await ended({
    model: 'numbered',
    trainingSet: trainingSet(
      labels.map(({ c, moment }, number) => ({ customer: `c${c}`, timestamp: T(moment), number, actual: 0 })),
    ),
    actual: { column: 'actual' },
    window: { days: 1 },
  });
  expect(job).toMatchObject({ state: 'SUCCEEDED', isKnownAtMoment: true });
  const got = new Map(
    server.requests.flatMap(({ body }) => body.instances).map(({ number, a }) => [Number(number), a as number | null]),
  );
  const expected = new Map(labels.map(({ c, moment }, number) => [number, knownAt(histories[c]!, moment)]));
  expect(got).toEqual(expected);
});
