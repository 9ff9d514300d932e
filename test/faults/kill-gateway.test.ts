import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { ask, startJob } from '../support/ask.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { startModelServer } from '../support/model-server.js';
import { webSocketClient } from '../support/stream-clients.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const KILLS = 20;
const INSTANCES = 200_000;
/** More than are joined at once, so that the job works in a file and goes on after its last step. */
const MANY_LABELS = 6_000_000;
/** These are joined in memory: the job begins anew each time. */
const FEW_LABELS = 1_000_000;

/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

const registry = (modelUrl: string): string => `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - sql: customer.sql
            features: [{ name: orders, valueType: INT64 }]
models:
  - name: linear
    http: { url: '${modelUrl}' }
    inputs: [{ name: a, valueType: INT64 }]
    outputs: [{ name: y, valueType: INT64 }]
`;
const HISTORY = `SELECT 'c' || (i % 1000) AS entity_id, TIMESTAMP '2001-01-01' + INTERVAL (i) SECOND AS event_timestamp, i AS orders FROM range(1000000) t(i)`;
/** The label i of customer i % 1000 sees the last row of that customer up to second i % 2000000. */
const labels = (count: number): string =>
  `SELECT i AS number, 'c' || (i % 1000) AS customer, TIMESTAMP '2001-01-01' + to_seconds(i % 2000000) AS moment FROM range(${count}) t(i)`;

const trainingSet = (file: string) => ({
  trainingSet: {
    featurestore: 'shop',
    entityType: 'customer',
    labels: { source: { file: { path: `${file}.parquet` } }, timeColumn: 'moment', entityIdColumns: ['customer'] },
  },
  output: { location: `${file}-set.parquet` },
  idempotencyKey: file,
});

const STARTS = [
  ['startTrainingSet', trainingSet('many')],
  ['startTrainingSet', trainingSet('few')],
  [
    'startBatchPrediction',
    {
      displayName: 'killed',
      model: 'linear',
      input: { files: { paths: ['instances.parquet'] } },
      output: { format: 'PARQUET', location: 'predicted' },
      batchSize: 100,
      startingReplicaCount: 4,
      idempotencyKey: 'predictions',
    },
  ],
] as const;

const JOBS = `{ jobs { nodes { id state endedAt error { code message } progress { completed failed total } } } }`;

it(`a gateway that is killed ${KILLS} times (seed ${seed}) loses and doubles nothing, and ends each job once`, async () => {
  const folder = temporaryFolder();
  const model = await startModelServer({
    '/predict': async ({ instances }) => {
      await sleep(20);
      return {
        predictions: instances.map(({ a }) =>
          Number(a) % 997 === 5 ? { error: 'not this one' } : { y: 2 * Number(a) + 1 },
        ),
      };
    },
  });
  onTestFinished(() => model.close());
  const files = join(folder, 'data/files');
  mkdirSync(files, { recursive: true });
  writeFileSync(join(folder, 'registry.yaml'), registry(`${model.origin}/predict`));
  writeFileSync(join(folder, 'customer.sql'), HISTORY);
  const duckdb = await DuckDBInstance.create(':memory:');
  onTestFinished(() => duckdb.closeSync());
  const connection = await duckdb.connect();
  const rowOf = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson()[0];
  await connection.run(`COPY (${labels(MANY_LABELS)}) TO '${files}/many.parquet'`);
  await connection.run(`COPY (${labels(FEW_LABELS)}) TO '${files}/few.parquet'`);
  await connection.run(`COPY (SELECT i AS a FROM range(${INSTANCES}) t(i)) TO '${files}/instances.parquet'`);

  const serve = (): Promise<GatewayProcess> =>
    startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
    });
  /** Asks for all three jobs, as a client does that does not know what became of its request. */
  const startAll = (url: string) => Promise.all(STARTS.map(([mutation, input]) => startJob(url, mutation, input)));

  const first = await serve();
  const ids = await startAll(first.url);
  const ends = new Map<string, unknown>();
  let gateway = first;
  let killedAtWork = 0;
  for (const delay of fc.sample(fc.integer({ min: 0, max: 1500 }), { seed, numRuns: KILLS })) {
    await sleep(delay);
    const exited = once(gateway.child, 'exit');
    gateway.child.kill('SIGKILL');
    await exited;
    gateway = await serve();
    expect(await startAll(gateway.url)).toEqual(ids);
    // What has ended stays as it ended.
    for (const job of (await ask(gateway.url, JOBS)).jobs.nodes) {
      if (ends.has(job.id)) expect(job).toEqual(ends.get(job.id));
      else if (job.endedAt !== null) ends.set(job.id, job);
    }
    if (ends.size < ids.length) killedAtWork += 1;
  }
  expect(killedAtWork).toBeGreaterThan(KILLS / 2);
  const client = webSocketClient(gateway.url);
  const query = 'subscription ($id: ID!) { jobProgress(id: $id) { state } }';
  await Promise.all(ids.map((id) => client.follow({ query, variables: { id } })));
  client.close();

  const { jobs } = await ask(gateway.url, JOBS);
  const failed = Math.floor((INSTANCES - 1 - 5) / 997) + 1;
  const counted = (total: number, faults = 0) => ({
    completed: String(total - faults),
    failed: String(faults),
    total: String(total),
  });
  expect(jobs.nodes.map(({ id, state, error, progress }: any) => ({ id, state, error, progress }))).toEqual(
    expect.arrayContaining([
      { id: ids[0], state: 'SUCCEEDED', error: null, progress: counted(MANY_LABELS) },
      { id: ids[1], state: 'SUCCEEDED', error: null, progress: counted(FEW_LABELS) },
      { id: ids[2], state: 'PARTIALLY_SUCCEEDED', error: null, progress: counted(INSTANCES, failed) },
    ]),
  );
  expect(jobs.nodes).toHaveLength(3);
  await gateway.stop();

  for (const [file, count] of [
    ['many', MANY_LABELS],
    ['few', FEW_LABELS],
  ] as const) {
    // Customer i % 1000 has a row each 1000 seconds: at its own second of the label, until the history ends.
    const known = '(CASE WHEN number % 2000000 < 1000000 THEN number % 2000000 ELSE 999000 + number % 1000 END)';
    expect(
      await rowOf(`SELECT count(*) AS rows, count(*) FILTER (WHERE number = file_row_number) AS in_order,
        count(*) FILTER (WHERE orders = ${known}) AS right
        FROM read_parquet('${files}/${file}-set.parquet', file_row_number = true)`),
    ).toEqual({ rows: String(count), in_order: String(count), right: String(count) });
  }
  expect(
    await rowOf(`SELECT count(*) AS rows, count(DISTINCT number) AS instances, bool_and(number = a) AS in_place,
        bool_and(y IS NULL OR y = 2 * a + 1) AS right, count(*) FILTER (WHERE y IS NULL) AS failed
      FROM (SELECT instance_number AS number, instance.a AS a, prediction.y AS y
          FROM read_parquet('${files}/predicted/predictions-*.parquet')
        UNION ALL SELECT instance_number, CAST(json_extract_string(CAST(instance AS JSON), 'a') AS BIGINT), NULL
          FROM read_parquet('${files}/predicted/errors-*.parquet'))`),
  ).toEqual({
    rows: String(INSTANCES),
    instances: String(INSTANCES),
    in_place: true,
    right: true,
    failed: String(failed),
  });
  // Nothing is left of the work.
  expect(readdirSync(join(folder, 'data/work'))).toEqual([]);
  expect(readdirSync(files).sort()).toEqual([
    'few-set.parquet',
    'few.parquet',
    'instances.parquet',
    'many-set.parquet',
    'many.parquet',
    'predicted',
  ]);
}, 600_000);
