import fc from 'fast-check';
import { AppError } from '../../../errors/app-error.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JobEngine } from '../../../jobs/job-engine.js';
import type { JobControl, JobHandler, JobOutcome, JobPlan } from '../../../jobs/job-handler.js';
import { JobType } from '../../../jobs/job-type.js';
import {
  isTerminalState,
  isAllowedTransition,
  JOB_STATES,
  type JobState,
} from '../../../datasources/job-store/job-state.js';
import { JobFailure } from '../../../jobs/job-failure.js';
import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import type { PlannedRequest } from '../../support/countable-work.js';

/** A handler whose every step a test decides. */
class HandRunner implements JobHandler<PlannedRequest> {
  readonly type = new JobType('by hand', 'TRAINING_SET');
  readonly runs: {
    job: JobRecord;
    control: JobControl;
    end: (outcome: JobOutcome) => void;
    fail: (e: Error) => void;
  }[] = [];
  #waiting: (() => void)[] = [];
  #isStopped = false;

  async plan(request: PlannedRequest): Promise<JobPlan<unknown>> {
    return request;
  }

  run(job: JobRecord, control: JobControl): Promise<JobOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<JobOutcome>();
    this.runs.push({ job, control, end: resolve, fail: reject });
    if (this.#isStopped) reject(new Error('stopped'));
    for (const wake of this.#waiting.splice(0)) wake();
    return promise;
  }

  /** As a runner does when its signal says so. */
  stop(): void {
    this.#isStopped = true;
    for (const { fail } of this.runs) fail(new Error('stopped'));
  }

  /** The run of that number, when it has begun. */
  async begun(number = 0) {
    while (!this.runs[number]) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.runs[number];
  }
}

const REQUEST: PlannedRequest = {
  spec: { rows: 5n },
  displayName: 'a',
  labels: {},
  createdBy: 'ada',
  idempotencyKey: null,
};
const DONE: JobOutcome = { state: 'SUCCEEDED', result: 'x', progress: { completed: 1n, failed: 0n, total: 1n } };

function openEngine(folder: string, { maxRunning = 4 } = {}) {
  const runner = new HandRunner();
  const errors: unknown[] = [];
  const ends: { id: string; state: string; code: string | undefined }[] = [];
  let now = 1n;
  let ids = Date.now();
  const store = new LmdbJobStore(folder);
  const engine = new JobEngine({
    store,
    handlers: [runner],
    clock: () => now++,
    newId: () => String(ids++),
    maxRunning,
    onError: (error) => errors.push(error),
    onEnd: ({ id, state, error }, cause) => {
      ends.push({ id, state, code: error?.code });
      if (cause !== undefined) errors.push(cause);
    },
  });
  const stop = async () => {
    const stopped = engine.stop();
    runner.stop();
    await stopped;
  };
  const start = (request: PlannedRequest) => engine.start(runner, request);
  return { runner, engine, start, store, errors, ends, stop };
}

function engineOfTest(folder = temporaryFolder(), options?: { maxRunning: number }) {
  const opened = openEngine(folder, options);
  onTestFinished(opened.stop);
  return opened;
}

async function endOf(engine: JobEngine, id: string): Promise<JobRecord> {
  let last: JobRecord | undefined;
  for await (const record of (await engine.follow(id))!) last = record;
  return last!;
}

describe('the transitions of a job', () => {
  it('lead from every state that is no end to an end, and from an end nowhere', () => {
    for (const from of JOB_STATES) {
      const next = JOB_STATES.filter((to) => isAllowedTransition(from, to));
      expect(next.length === 0).toBe(isTerminalState(from));
      if (!isTerminalState(from)) expect(next.some(isTerminalState)).toBe(true);
      expect(isAllowedTransition(from, 'QUEUED')).toBe(false);
    }
  });

  it('are the only ones that happen, whatever the order of events', async () => {
    const event = fc.constantFrom('cancel', 'running', 'report', 'checkpoint', 'succeed', 'fail', 'partial', 'restart');
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), async (events) => {
        const folder = temporaryFolder();
        let lab = openEngine(folder);
        const { id } = await lab.start(REQUEST);
        let run = await lab.runner.begun();
        const seen: JobState[] = ['QUEUED'];
        const look = async () => seen.push((await lab.store.get(id))!.state);
        const progress = { completed: 1n, failed: 0n, total: 2n };
        for (const name of events) {
          if (name === 'cancel') void lab.engine.cancel(id);
          // The control of a run that was stopped meanwhile may refuse.
          if (name === 'running') void run.control.running(2n).catch(() => undefined);
          if (name === 'report') run.control.report(progress);
          if (name === 'checkpoint') void run.control.checkpoint({}, progress).catch(() => undefined);
          if (name === 'succeed') run.end(DONE);
          if (name === 'partial') run.end({ ...DONE, state: 'PARTIALLY_SUCCEEDED' });
          if (name === 'fail') run.fail(new JobFailure('INPUT_CHANGED', 'because'));
          if (name === 'restart') {
            await look();
            await lab.stop();
            lab = openEngine(folder);
            await lab.engine.resume();
            const isOver = isTerminalState((await lab.store.get(id))!.state);
            if (!isOver) run = await lab.runner.begun();
          }
          await look();
        }
        run.end(DONE);
        seen.push((await endOf(lab.engine, id)).state);
        await lab.stop();
        for (const [index, state] of seen.entries()) {
          const before = seen[index - 1];
          // Looking now and then may miss steps, so a chain of legal ones is what is asked for.
          if (before !== undefined && before !== state) expect(reachable(before)).toContain(state);
        }
        expect(isTerminalState(seen.at(-1)!)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });
});

function reachable(from: JobState, found = new Set<JobState>()): Set<JobState> {
  for (const to of JOB_STATES) {
    if (!isAllowedTransition(from, to) || found.has(to)) continue;
    found.add(to);
    reachable(to, found);
  }
  return found;
}

describe('starting a job', () => {
  it('acknowledges what another process would find', async () => {
    const folder = temporaryFolder();
    const { start } = engineOfTest(folder);
    const { id } = await start(REQUEST);
    const other = new LmdbJobStore(folder);
    expect(await other.get(id)).toMatchObject({ id, spec: { rows: 5n }, createdBy: 'ada' });
    await other.close();
  });

  it('with the same key a hundred times at once starts one job and gives it to all', async () => {
    const { start, runner } = engineOfTest();
    const asked = { ...REQUEST, idempotencyKey: 'k'.repeat(10_000) };
    const started = await Promise.all(Array.from({ length: 100 }, () => start(asked)));
    expect(new Set(started.map(({ id }) => id)).size).toBe(1);
    await runner.begun();
    expect(runner.runs).toHaveLength(1);
  });

  it('with a key used for something else is refused, in whatever order names are written', async () => {
    const { start } = engineOfTest();
    const asked = { ...REQUEST, spec: { a: 1, b: [{ c: 2n, d: null }] }, idempotencyKey: 'key' };
    const { id } = await start(asked);
    expect((await start({ ...asked, spec: { b: [{ d: null, c: 2n }], a: 1 } })).id).toBe(id);
    for (const change of [{ spec: { a: 1, b: [] } }, { displayName: 'b' }, { labels: { x: 'y' } }]) {
      await expect(start({ ...asked, ...change })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: 'idempotencyKey' },
      });
    }
    expect((await start({ ...asked, createdBy: 'bob', displayName: 'b' })).id).not.toBe(id);
  });

  it('checks new requests, and not those whose job is there', async () => {
    const { start, store } = engineOfTest();
    let checks = 0;
    const check = async () => {
      checks += 1;
      if (checks > 1) throw new Error('refused');
    };
    await start({ ...REQUEST, idempotencyKey: 'key', check });
    await start({ ...REQUEST, idempotencyKey: 'key', check });
    expect(checks).toBe(1);
    await expect(start({ ...REQUEST, check })).rejects.toThrow('refused');
    expect(await store.list({ filter: {}, before: null, limit: 10 })).toHaveLength(1);
  });

  it('runs no more at once than it may, and the others in order', async () => {
    const { engine, start, runner } = engineOfTest(temporaryFolder(), { maxRunning: 2 });
    const jobs = [];
    for (let index = 0; index < 4; index += 1) jobs.push(await start(REQUEST));
    await runner.begun(1);
    expect((await engine.get(jobs[2]!.id))?.state).toBe('QUEUED');
    expect(runner.runs).toHaveLength(2);
    runner.runs[0]!.end(DONE);
    expect((await runner.begun(2)).job.id).toBe(jobs[2]!.id);
  });
});

describe('cancelling a job', () => {
  it('that waits ends it at once; it never runs', async () => {
    const { engine, start, runner } = engineOfTest(temporaryFolder(), { maxRunning: 1 });
    await start(REQUEST);
    const { id } = await start(REQUEST);
    expect(await engine.cancel(id)).toMatchObject({ state: 'CANCELLED', startedAt: null });
    runner.runs[0]!.end(DONE);
    const third = await start(REQUEST);
    expect((await runner.begun(1)).job.id).toBe(third.id);
  });

  it('that runs tells its runner, and keeps what the runner says there is', async () => {
    const { engine, start, runner } = engineOfTest();
    const { id } = await start(REQUEST);
    const run = await runner.begun();
    await run.control.running(10n);
    expect((await engine.cancel(id)).state).toBe('CANCELLING');
    expect((await engine.cancel(id)).state).toBe('CANCELLING');
    expect(run.control.signal.reason).toBe('cancel');
    run.end({ ...DONE, state: 'CANCELLED', result: { isPartial: true } });
    expect(await endOf(engine, id)).toMatchObject({ state: 'CANCELLED', result: { isPartial: true } });
    expect((await engine.cancel(id)).state).toBe('CANCELLED');
  });

  it('that is not there says so', async () => {
    await expect(engineOfTest().engine.cancel('none')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  it('that was done before it heard of it leaves it done', async () => {
    const { engine, start, runner } = engineOfTest();
    const { id } = await start(REQUEST);
    const run = await runner.begun();
    await engine.cancel(id);
    run.end(DONE);
    expect((await endOf(engine, id)).state).toBe('SUCCEEDED');
  });

  it('that the process before had begun lets its runner put down what there is, without waiting for a place', async () => {
    const folder = temporaryFolder();
    const first = openEngine(folder);
    const ids = [await first.start(REQUEST), await first.start(REQUEST)].map(({ id }) => id);
    await first.runner.begun(1);
    await first.stop();
    const { engine, runner } = engineOfTest(folder, { maxRunning: 1 });
    await engine.resume();
    await runner.begun();
    expect(await engine.cancel(ids[1]!)).toMatchObject({ state: 'CANCELLING' });
    const run = await runner.begun(1);
    expect(run.control.signal.reason).toBe('cancel');
    run.end({ ...DONE, state: 'CANCELLED' });
    expect((await endOf(engine, ids[1]!)).state).toBe('CANCELLED');
  });
});

describe('an engine that is started again', () => {
  it('takes up each job that had not ended, once, from its checkpoint', async () => {
    const folder = temporaryFolder();
    const first = openEngine(folder);
    const { id } = await first.start(REQUEST);
    const run = await first.runner.begun();
    await run.control.running(10n);
    await run.control.checkpoint({ at: 4 }, { completed: 4n, failed: 0n, total: 10n });
    run.control.report({ completed: 7n, failed: 0n, total: 10n });
    await first.stop();
    const { engine, runner } = engineOfTest(folder);
    await Promise.all([engine.resume(), engine.resume()]);
    const again = await runner.begun();
    expect(again.job).toMatchObject({ id, checkpoint: { at: 4 }, progress: { completed: 4n } });
    again.end(DONE);
    await endOf(engine, id);
    await engine.resume();
    expect(runner.runs).toHaveLength(1);
  });

  it('gives up a job that ends its process again and again, and not one that was only stopped', async () => {
    const folder = temporaryFolder();
    let attempts = 0;
    for (let round = 0; round < 8; round += 1) {
      const { engine, start, runner, stop } = openEngine(folder);
      if (round === 0) await start(REQUEST);
      else await engine.resume();
      attempts = (await runner.begun()).job.attempts;
      await stop();
    }
    expect(attempts).toBe(1);
    const { engine, store, runner } = engineOfTest(folder);
    const [job] = await store.listUnfinished();
    // What so many killed processes leave behind: an attempt counted, and never anything after it.
    await store.update(job!.id, (record) => ({ ...record, attempts: 25 }));
    await engine.resume();
    expect(await endOf(engine, job!.id)).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' } });
    expect(runner.runs).toEqual([]);
  });
});

describe('a job that fails', () => {
  it('says why, if its runner did; otherwise that is logged and hidden', async () => {
    const { engine, start, runner, errors } = engineOfTest();
    const [told, hidden] = [await start(REQUEST), await start(REQUEST)];
    (await runner.begun(0)).fail(new JobFailure('OUTPUT_IN_USE', 'Make room.'));
    (await runner.begun(1)).fail(new Error('/secret/path'));
    expect(await endOf(engine, told.id)).toMatchObject({
      state: 'FAILED',
      error: { code: 'OUTPUT_IN_USE', message: 'Make room.' },
    });
    const { error } = await endOf(engine, hidden.id);
    expect(error?.code).toBe('INTERNAL');
    expect(error?.message).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });

  it('is told of once it has ended, as every job is, however it ended', async () => {
    const { engine, start, runner, ends } = engineOfTest();
    const jobs = [await start(REQUEST), await start(REQUEST), await start(REQUEST)];
    (await runner.begun(0)).fail(new JobFailure('INPUT_CHANGED', 'Make room.'));
    (await runner.begun(1)).end(DONE);
    const cancelled = await runner.begun(2);
    await engine.cancel(jobs[2]!.id);
    cancelled.end({ ...DONE, state: 'CANCELLED' });
    for (const { id } of jobs) await endOf(engine, id);
    await engine.cancel(jobs[0]!.id);
    expect(ends.toSorted((one, other) => one.id.localeCompare(other.id))).toEqual([
      { id: jobs[0]!.id, state: 'FAILED', code: 'INPUT_CHANGED' },
      { id: jobs[1]!.id, state: 'SUCCEEDED', code: undefined },
      { id: jobs[2]!.id, state: 'CANCELLED', code: undefined },
    ]);
  });

  it('tells the log what stood behind an answer meant for clients', async () => {
    const { engine, start, runner, errors } = engineOfTest();
    const { id } = await start(REQUEST);
    const fault = new AppError('STORE_UNAVAILABLE', 'Try again.', {}, { cause: new Error('/secret/path') });
    (await runner.begun()).fail(fault);
    expect(await endOf(engine, id)).toMatchObject({ error: { code: 'STORE_UNAVAILABLE', message: 'Try again.' } });
    expect(errors).toEqual([fault]);
  });
});

describe('following a job', () => {
  it('costs one watch for a thousand followers, and all are told the end', async () => {
    const { engine, start, runner } = engineOfTest();
    const { id } = await start(REQUEST);
    const run = await runner.begun();
    const followers = Array.from({ length: 1000 }, () => endOf(engine, id));
    await run.control.running(10n);
    run.end(DONE);
    const ends = await Promise.all(followers);
    expect(new Set(ends).size).toBe(1);
    expect(ends[0]?.state).toBe('SUCCEEDED');
  });

  it('never shows progress going back, also when a slower checkpoint arrives after a report', async () => {
    const { engine, start, runner } = engineOfTest();
    const { id } = await start(REQUEST);
    const { control } = await runner.begun();
    const kept = control.checkpoint({}, { completed: 5n, failed: 0n, total: 10n });
    control.report({ completed: 8n, failed: 0n, total: 10n });
    await kept;
    expect((await engine.get(id))?.progress.completed).toBe(8n);
    expect((await engine.list({ filter: {}, before: null, limit: 1 }))[0]?.progress.completed).toBe(8n);
  });

  it('of an ended job tells it once; of none is undefined', async () => {
    const { engine, start, runner } = engineOfTest();
    const { id } = await start(REQUEST);
    (await runner.begun()).end(DONE);
    await endOf(engine, id);
    const told = [];
    for await (const record of (await engine.follow(id))!) told.push(record.state);
    expect(told).toEqual(['SUCCEEDED']);
    expect(await engine.follow('none')).toBeUndefined();
  });
});
