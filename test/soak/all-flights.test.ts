import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_INPUTS } from '../../examples/flights/models/delay-inputs.ts';
import { ask, startJob } from '../support/ask.js';
import { servedRegistry } from '../support/served-registry.js';
import { TRANSPORTS, type Outcome } from '../support/stream-clients.js';

/**
 * All flights, from labels to predictions, as a user of the gateway goes the way: a training set of 3,000,000 labels with
 * features of the route, the origin and the destination, then a prediction for each of them. What is in the files is
 * compared with the flights themselves by SQL that shares nothing with the gateway's.
 */
const { url, files } = await servedRegistry('flights');
const FLIGHTS = join(import.meta.dirname, '../../node_modules/vega-datasets/data/flights-3m.parquet');
const ALL = 3_000_000;
/** Half a minute on two cores that do nothing else; how long on others is no fault. */
const LONG_MS = 600_000;

const featuresWith = (prefix: string): string[] =>
  FEATURE_INPUTS.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
const airport = (side: string) => ({
  entityType: 'airport',
  entityIdColumns: [side],
  features: featuresWith(`${side}_`),
  prefix: `${side}_`,
});
const TRAINING_SET = {
  featurestore: 'flights',
  entityType: 'route',
  labels: { source: { file: { path: 'all-flights.parquet' } }, timeColumn: 'date' },
  features: FEATURE_INPUTS.filter((name) => !/^(origin|destination)_/.test(name)),
  joins: [airport('origin'), airport('destination')],
};

const PROGRESS = `subscription ($id: ID!) {
  jobProgress(id: $id) { state error { code message } progress { completed failed total percent } }
}`;

/** Follows a job to its end by both transports at once. */
async function watched(id: string): Promise<Outcome[]> {
  return Promise.all(
    TRANSPORTS.map(async ([, clientOf]) => {
      const client = clientOf(url);
      const outcome = await client.follow({ query: PROGRESS, variables: { id } });
      client.close();
      return outcome;
    }),
  );
}

/** The first event comes at once, no progress goes back, and the last event is the end. */
function expectWatchedToTheEnd({ results, error }: Outcome): void {
  expect(error).toBeUndefined();
  expect(results.flatMap((result) => result.errors ?? [])).toEqual([]);
  const events = results.map(({ data }) => data.jobProgress);
  const done = events.map(({ progress }) => Number(progress.completed) + Number(progress.failed));
  expect(done).toEqual([...done].sort((one, other) => one - other));
  for (const { state } of events.slice(0, -1)) expect(state).toMatch(/^(QUEUED|PENDING|RUNNING)$/);
  expect(events.length).toBeGreaterThan(5);
  expect(events.at(-1)).toEqual({
    state: 'SUCCEEDED',
    error: null,
    progress: { completed: String(ALL), failed: '0', total: String(ALL), percent: 100 },
  });
}

let instance: DuckDBInstance;
let connection: DuckDBConnection;
const rowOf = async (sql: string): Promise<Record<string, any>> =>
  (await connection.runAndReadAll(sql)).getRowObjectsJson()[0] as Record<string, any>;

let trainingSet: string;
let trainingSetWatched: Outcome[];
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
  // Beside what is known of a flight beforehand, the delay it had: a label column is kept, and the model does not see it.
  await connection.run(`COPY (
    SELECT origin, destination, date, delay, hour(date)::DOUBLE AS hour, isodow(date)::DOUBLE AS day_of_week
    FROM '${FLIGHTS}') TO '${files}/all-flights.parquet'`);
  trainingSet = await startJob(url, 'startTrainingSet', { trainingSet: TRAINING_SET, output: { format: 'PARQUET' } });
  trainingSetWatched = await watched(trainingSet);
}, LONG_MS);
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

describe('a training set of all flights', () => {
  it.each(TRANSPORTS.map(([name], index) => [name, index] as const))('is followed by %s to its end', (_, index) =>
    expectWatchedToTheEnd(trainingSetWatched[index]!),
  );

  it('has a row for each, in which nothing leaked', async () => {
    const { job } = await ask(
      url,
      `query ($id: ID!) { job(id: $id) { ... on TrainingSetJob {
        validation { labelRows joinedRows leakedRows verifiedRows invalidLabels offendingRows { row reason }
          featureCoverage { column present nulls notFound expired } } } } }`,
      { id: trainingSet },
    );
    const { verifiedRows, featureCoverage, ...counts } = job.validation;
    expect(counts).toEqual({
      labelRows: String(ALL),
      joinedRows: String(ALL),
      leakedRows: '0',
      invalidLabels: '0',
      offendingRows: [],
    });
    expect(Number(verifiedRows)).toBeGreaterThan(900);
    expect(featureCoverage.map(({ column }: { column: string }) => column)).toEqual(FEATURE_INPUTS);
    for (const { present, nulls, notFound, expired } of featureCoverage) {
      expect(Number(present) + Number(nulls) + Number(notFound) + Number(expired)).toBe(ALL);
    }
  });

  it('keeps the labels in their order, and has the values that the flights before each give', async () => {
    const made = `read_parquet('${files}/training-sets/${trainingSet.slice('jobs/'.length)}.parquet')`;
    const labels = `'${files}/all-flights.parquet'`;
    const columns = ['origin', 'destination', 'date', 'delay', 'hour', 'day_of_week'];
    const same = columns.map((name) => `made.${name} IS NOT DISTINCT FROM labels.${name}`).join(' AND ');
    expect(
      await rowOf(`SELECT count(*) AS rows, count(*) FILTER (WHERE ${same}) AS same
        FROM ${made} AS made POSITIONAL JOIN ${labels} AS labels`),
    ).toEqual({ rows: String(ALL), same: String(ALL) });

    // Counted flight by flight up to the last full hour: what examples/flights says is known at a moment.
    const within = (condition: string, hours: number) =>
      `${condition} AND before.date < date_trunc('hour', made.date)
       AND before.date >= date_trunc('hour', made.date) - INTERVAL ${hours} HOUR`;
    const route = 'before.origin = made.origin AND before.destination = made.destination';
    const counted = `SELECT origin_departures_1h, destination_departures_24h, departures_7d, mean_delay_7d,
        (SELECT count(*) FROM '${FLIGHTS}' AS before WHERE ${within('before.origin = made.origin', 1)}) AS origin_1h,
        (SELECT count(*) FROM '${FLIGHTS}' AS before WHERE ${within('before.origin = made.destination', 24)}) AS destination_24h,
        (SELECT count(*) FROM '${FLIGHTS}' AS before WHERE ${within(route, 168)}) AS route_7d,
        (SELECT avg(delay) FROM '${FLIGHTS}' AS before WHERE ${within(route, 168)}) AS mean_7d
      FROM (FROM (FROM ${made} WHERE date > TIMESTAMP '2001-01-08') USING SAMPLE 50 ROWS (reservoir, 7)) AS made`;
    expect(
      await rowOf(`SELECT count(*) AS rows, count(*) FILTER (WHERE origin_departures_1h = origin_1h
          AND destination_departures_24h = destination_24h AND departures_7d = route_7d
          AND (mean_delay_7d IS NOT DISTINCT FROM mean_7d OR abs(mean_delay_7d - mean_7d) < 1e-9)) AS same
        FROM (${counted})`),
    ).toEqual({ rows: '50', same: '50' });
  });
});

describe('a batch prediction for all flights', () => {
  let job: string;
  let jobWatched: Outcome[];
  beforeAll(async () => {
    job = await startJob(url, 'startBatchPrediction', {
      displayName: 'Delays of all flights',
      model: 'models/flight_delay',
      input: { trainingSetJob: trainingSet },
      output: { format: 'PARQUET' },
      batchSize: 1000,
      startingReplicaCount: 2,
    });
    jobWatched = await watched(job);
  }, LONG_MS);

  it.each(TRANSPORTS.map(([name], index) => [name, index] as const))('is followed by %s to its end', (_, index) =>
    expectWatchedToTheEnd(jobWatched[index]!),
  );

  it('has one prediction for each, about as good as the README of the model says', async () => {
    const predictions = `read_parquet('${files}/batch-predictions/${job.slice('jobs/'.length)}/predictions-*.parquet')`;
    const found = await rowOf(`SELECT count(*) AS rows, count(DISTINCT instance_number) AS instances,
        min(instance_number) AS first, max(instance_number) AS last,
        avg(prediction.delay_minutes) AS mean,
        avg(abs(instance.delay - prediction.delay_minutes)) FILTER (WHERE instance.date >= TIMESTAMP '2001-06-01') AS june
      FROM ${predictions}`);
    expect(found).toMatchObject({ rows: String(ALL), instances: String(ALL), first: '0', last: String(ALL - 1) });
    // Of June, which it was never shown: 16.59 minutes; the mean delay of the others is off by 20.20.
    expect(found.june).toBeCloseTo(16.59, 1);
    const answer = await ask(
      url,
      `query ($id: ID!) { batchPredictionJob(id: $id) {
        metrics(of: [{ metric: AVG, field: "delay_minutes" }, { metric: COUNT, field: "delay_minutes" }]) { value }
        failures { nodes { code } } } }`,
      { id: job },
    );
    expect(answer.batchPredictionJob).toEqual({
      metrics: [{ value: expect.closeTo(found.mean, 6) }, { value: ALL }],
      failures: { nodes: [] },
    });
  });

  it('is read page by page, in the order of the flights', async () => {
    const page = async (after: string | null) =>
      (
        await ask(
          url,
          `query ($id: ID!, $after: String) { batchPredictionJob(id: $id) { predictions(first: 100, after: $after) {
            nodes { instanceNumber instance prediction } pageInfo { hasNextPage endCursor } } } }`,
          { id: job, after },
        )
      ).batchPredictionJob.predictions;
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor);
    const nodes = [...first.nodes, ...second.nodes];
    expect(nodes.map(({ instanceNumber }) => instanceNumber)).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, true]);
    const flights = (
      await connection.runAndReadAll(`SELECT origin, destination FROM '${files}/all-flights.parquet' LIMIT 200`)
    ).getRowObjectsJson();
    expect(nodes.map(({ instance: { origin, destination } }) => ({ origin, destination }))).toEqual(flights);
    for (const { prediction } of nodes) expect(Number.isFinite(prediction.delay_minutes)).toBe(true);
  });
});
