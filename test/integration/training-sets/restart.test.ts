import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import type { TrainingSetRequest } from '../../../training-sets/training-sets.js';
import { CUSTOMER, openShop, REQUEST, SHOP } from '../../support/shop-history.js';
import {
  waitForEnd,
  openTrainingSets,
  STARTED,
  type TrainingSetWorld,
} from '../../support/training-set-dependencies.js';

const LABELS = 40_000;
const REQUESTED: TrainingSetRequest = {
  ...REQUEST,
  joins: [CUSTOMER],
  labels: { kind: 'FILE', file: 'labels.parquet', format: 'PARQUET', timeColumn: 'moment' },
};

async function writeLabels({ query, files }: TrainingSetWorld, labels = LABELS): Promise<void> {
  await query(`COPY (SELECT ['ann', 'bob', 'eve'][1 + i % 3] AS who, i AS number,
    TIMESTAMP '2001-09-09 01:46:40' + INTERVAL (i % 200) SECOND AS moment FROM range(${labels}) AS numbers(i))
    TO '${files}/labels.parquet'`);
}

async function content({ files, query }: TrainingSetWorld, location: string): Promise<string> {
  const rows = await query(`SELECT number, orders_7d, mean_basket, city FROM read_parquet('${files}/${location}')`);
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: LABELS }, (_, index) => BigInt(index)));
  return createHash('sha256')
    .update(JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    .digest('hex');
}

it.each([1, 2, 3])(
  'a job stopped after checkpoint %i goes on there, and gives what it would have given',
  async (stopAt) => {
    const first = await openShop({ chunkRows: 10_000 });
    await writeLabels(first);
    const { id: whole } = await first.trainingSets.start({ ...REQUESTED, ...STARTED });
    expect((await waitForEnd(first.engine, whole)).state).toBe('SUCCEEDED');
    const expected = await content(first, `training-sets/${whole}.parquet`);

    const { id } = await first.trainingSets.start({ ...REQUESTED, ...STARTED });
    let steps = 0;
    let stopped: Promise<void> | undefined;
    // The store is asked, not the watch: what counts is what is durable.
    while (stopped === undefined) {
      const job = await first.engine.get(id);
      // Four chunks of two sources; joining is six tenths of the way.
      steps = Number(job!.progress.completed / 3_000n);
      if (steps >= stopAt || job!.endedAt !== null) stopped = first.close();
      else await new Promise((resolve) => setImmediate(resolve));
    }
    await stopped;
    expect(existsSync(join(first.files, `training-sets/${id}.parquet`))).toBe(false);

    const second = await openTrainingSets(SHOP.featurestores, { folder: first.folder, chunkRows: 10_000 });
    await second.engine.resume();
    const ended = await waitForEnd(second.engine, id);
    expect(ended).toMatchObject({ state: 'SUCCEEDED', progress: { completed: BigInt(LABELS), total: BigInt(LABELS) } });
    expect(await content(second, `training-sets/${id}.parquet`)).toBe(expected);
    expect(readdirSync(join(second.folder, 'work'))).toEqual([]);
  },
);

it('a cancelled job interrupts its query and leaves nothing', async () => {
  const world = await openShop();
  await writeLabels(world, 3_000_000);
  const { id } = await world.trainingSets.start({
    ...REQUESTED,
    ...STARTED,
    output: { format: 'CSV', location: 'a.csv' },
  });
  for await (const job of (await world.engine.follow(id))!) {
    if (job.state === 'RUNNING') await world.engine.cancel(id);
  }
  expect(await world.engine.get(id)).toMatchObject({ state: 'CANCELLED', result: null });
  expect(readdirSync(world.files)).toEqual(['labels.parquet']);
  expect(readdirSync(join(world.folder, 'work'))).toEqual([]);
});

it('a job does not see rows that come while it runs', async () => {
  const world = await openShop({ chunkRows: 10_000 });
  await writeLabels(world);
  const { id } = await world.trainingSets.start({ ...REQUESTED, ...STARTED });
  const [orders] = CUSTOMER.entityType.sources;
  for await (const job of (await world.engine.follow(id))!) {
    if (job.state !== 'RUNNING') continue;
    await world.offline.append(orders!, [
      { entityId: 'eve', timestamp: 1_000_000_000_000_000n, values: new Map([['orders_7d', 77n]]) },
    ]);
  }
  expect(await world.engine.get(id)).toMatchObject({ state: 'SUCCEEDED', result: { validation: { leakedRows: 0n } } });
  const rows = await world.query(
    `SELECT count(orders_7d) AS known FROM '${world.files}/training-sets/${id}.parquet' WHERE who = 'eve'`,
  );
  expect(rows).toEqual([{ known: 0n }]);
});

it('starting again with the same key gives the same job', async () => {
  const world = await openShop();
  await writeLabels(world);
  const started = { ...REQUESTED, ...STARTED, idempotencyKey: 'once' };
  const jobs = await Promise.all([world.trainingSets.start(started), world.trainingSets.start(started)]);
  expect(jobs[0].id).toBe(jobs[1].id);
  await waitForEnd(world.engine, jobs[0].id);
  expect(existsSync(join(world.files, `training-sets/${jobs[0].id}.parquet`))).toBe(true);
});

it('starting again with the same key gives the same job also when its output is there', async () => {
  const world = await openShop();
  await writeLabels(world);
  const output = { format: 'PARQUET', location: 'mine.parquet' } as const;
  const started = { ...REQUESTED, ...STARTED, idempotencyKey: 'once', output };
  const { id } = await world.trainingSets.start(started);
  await waitForEnd(world.engine, id);
  expect(await world.trainingSets.start(started)).toMatchObject({ id, state: 'SUCCEEDED' });
  await expect(world.trainingSets.start({ ...started, idempotencyKey: null })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  });
});

it.each([
  ['PARQUET', 'one.parquet'],
  ['CSV', 'one.csv'],
  ['TABLE', 'one'],
] as const)('of two jobs that race for one %s output only one has it', async (format, location) => {
  const world = await openShop({ maxRunning: 2 });
  await writeLabels(world);
  const started = { ...REQUESTED, ...STARTED, output: { format, location } };
  const ids = await Promise.all([world.trainingSets.start(started), world.trainingSets.start(started)]);
  const ends = await Promise.all(ids.map(({ id }) => waitForEnd(world.engine, id)));
  expect(ends.map(({ state, error }) => error?.code ?? state).sort()).toEqual(['OUTPUT_IN_USE', 'SUCCEEDED']);
  const left = readdirSync(world.files).filter((name) => name !== 'labels.parquet');
  expect(left).toEqual(format === 'TABLE' ? [] : [location]);
  expect(readdirSync(join(world.folder, 'work'))).toEqual([]);
});

it.each([
  ['RUNNING', 'FAILED'],
  ['CANCELLING', 'CANCELLED'],
] as const)('a job that is given up while %s leaves nothing of its work', async (state, end) => {
  const first = await openShop();
  await writeLabels(first, 3_000_000);
  const { id } = await first.trainingSets.start({ ...REQUESTED, ...STARTED });
  for await (const job of (await first.engine.follow(id))!) if (job.state === 'RUNNING') break;
  await first.close();
  // What a killed process may leave behind.
  const partial = join(first.files, `training-sets/${id}.parquet.${id}.partial`);
  for (const path of [partial, join(first.folder, `work/${id}.duckdb`)]) writeFileSync(path, 'half');
  const store = new LmdbJobStore(join(first.folder, 'jobs'));
  await store.update(id, (record) => ({ ...record, state, attempts: 25 }));
  await store.close();

  const second = await openTrainingSets(SHOP.featurestores, { folder: first.folder });
  await second.engine.resume();
  expect(await waitForEnd(second.engine, id)).toMatchObject({ state: end });
  expect(readdirSync(join(second.folder, 'work'))).toEqual([]);
  expect(readdirSync(join(second.files, 'training-sets'))).toEqual([]);
});
