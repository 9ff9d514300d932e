import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { JobEngine } from '../../../jobs/job-engine.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { JobAccounting } from '../../../costs/job-accounting.js';
import type { Costs } from '../../../costs/costs.js';
import type { AppError } from '../../../errors/app-error.js';
import { HOUR_OF_BATCHES } from '../../support/batch-work.js';
import { openTestCosts } from '../../support/costs.js';
import { CountableWork, type PlannedRequest } from '../../support/countable-work.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { waitForEnd } from '../../support/training-set-dependencies.js';

/** Its bill says that it used two hours. */
class BilledWork extends CountableWork {
  replicaHours(): number {
    return 2;
  }
}

/** Costs that are away for a while. */
class BrokenCosts extends JobAccounting {
  override settle(): Promise<void> {
    return Promise.reject(new Error('the disk is full'));
  }
}

/** Costs that take until a test lets them. */
class SlowCosts extends JobAccounting {
  readonly asked = Promise.withResolvers<undefined>();
  readonly released = Promise.withResolvers<undefined>();

  override async settle(...job: Parameters<JobAccounting['settle']>): Promise<void> {
    this.asked.resolve(undefined);
    await this.released.promise;
    await super.settle(...job);
  }
}

const REQUEST: PlannedRequest = {
  spec: null,
  displayName: null,
  labels: {},
  createdBy: 'ada',
  idempotencyKey: null,
  work: async () => HOUR_OF_BATCHES,
};

let folder: string;
let costs: Costs;
let ids: number;
let errors: unknown[];
beforeEach(async () => {
  folder = temporaryFolder();
  ids = 0;
  errors = [];
  const opened = await openTestCosts({ folder: join(folder, 'costs'), dailyBudgets: new Map([['ada', 1]]) });
  costs = opened;
  onTestFinished(() => opened.close());
});

function openEngine(accounting = new JobAccounting(costs, () => 0n), maxRunning = 1) {
  const work = new BilledWork('BATCH_PREDICTION');
  const engine = new JobEngine({
    store: new LmdbJobStore(join(folder, 'jobs')),
    handlers: [work],
    clock: () => 0n,
    newId: () => `job-${(ids += 1)}`,
    maxRunning,
    accounting,
    onError: (error) => errors.push(error),
  });
  return { engine, work, start: (request: PlannedRequest) => engine.start(work, request) };
}

/** Of the budget of a dollar: as the error for too large a request says it. */
async function spent(): Promise<number> {
  const estimate = await costs.estimator.historicalQuery({ bytes: 2n ** 60n });
  const refusal: unknown = await costs.guard
    .admit({ principal: 'ada', estimate, maxCostUsd: null })
    .catch((error: unknown) => error);
  return (refusal as AppError).details.spentUsd as number;
}
const estimated = async () =>
  (await costs.estimator.batchPrediction({ ...HOUR_OF_BATCHES, rows: 3600n, secondsPerBatch: 1 })).total.toNumber();

describe('the budget of the day', () => {
  it('is taken from once, however many requests race with one key', async () => {
    const { engine, start } = openEngine();
    onTestFinished(() => engine.stop());
    const request = { ...REQUEST, idempotencyKey: randomUUID() };
    // As many as the budget has room for at once: the others give back what they were admitted with.
    const started = await Promise.all([1, 2, 3].map(() => start(request)));
    expect(new Set(started.map(({ id }) => id)).size).toBe(1);
    expect(await spent()).toBeCloseTo(await estimated(), 9);
  });

  it('has what a job really cost, once it has ended', async () => {
    const { engine, start, work } = openEngine();
    onTestFinished(() => engine.stop());
    const { id } = await start(REQUEST);
    work.count(3600n).end();
    const done = await waitForEnd(engine, id);
    expect(done.cost?.isSettled).toBe(true);
    expect(await spent()).toBeCloseTo(2 * 0.219, 9);
  });

  it('is settled before a list shows or filters by the end', async () => {
    const slow = new SlowCosts(costs, () => 0n);
    const { engine, start, work } = openEngine(slow);
    onTestFinished(() => engine.stop());
    const { id } = await start(REQUEST);
    work.count(3600n).end();
    await slow.asked.promise;
    const query = { before: null, limit: 10 };
    const lists = Promise.all([
      engine.list({ ...query, filter: {} }),
      engine.list({ ...query, filter: { states: ['PENDING', 'RUNNING'] } }),
    ]);
    expect((await engine.get(id))?.state).toBe('PENDING');
    slow.released.resolve(undefined);
    const [all, unfinished] = await lists;
    expect(all).toMatchObject([{ id, state: 'SUCCEEDED', cost: { isSettled: true } }]);
    expect(unfinished).toEqual([]);
  });

  it('gets all back of a job that was cancelled before it began', async () => {
    const { engine, start } = openEngine();
    onTestFinished(() => engine.stop());
    await start(REQUEST);
    const before = await spent();
    const waiting = await start(REQUEST);
    expect(await spent()).toBeGreaterThan(before);
    await engine.cancel(waiting.id);
    expect((await waitForEnd(engine, waiting.id)).state).toBe('CANCELLED');
    expect(await spent()).toBeCloseTo(before, 9);
  });

  it('has the cost of a job whose end the process did not outlive, and the model its run, once', async () => {
    const { engine, start, work } = openEngine(new BrokenCosts(costs, () => 0n));
    const { id } = await start(REQUEST);
    work.count(3600n).end();
    expect((await waitForEnd(engine, id)).state).toBe('SUCCEEDED');
    expect(errors).toEqual([expect.objectContaining({ message: 'the disk is full' })]);
    expect(await spent()).toBeCloseTo(await estimated(), 9);
    await engine.stop();
    for (const _process of [2, 3]) {
      const { engine: next } = openEngine();
      await next.resume();
      expect(await spent()).toBeCloseTo(2 * 0.219, 9);
      expect((await next.get(id))?.cost?.isSettled).toBe(true);
      await next.stop();
    }
    expect(await costs.history.runs('churn')).toMatchObject([{ job: id, rows: 3600n, replicaHours: 2 }]);
  });
});
