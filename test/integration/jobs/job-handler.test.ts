import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JobAccounting } from '../../../costs/job-accounting.js';
import type { JobError, JobRecord } from '../../../datasources/job-store/job-record.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { badInput } from '../../../errors/app-error.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import {
  stopReason,
  type JobControl,
  type JobHandler,
  type JobOutcome,
  type JobPlan,
} from '../../../jobs/job-handler.js';
import type { JobRequest } from '../../../jobs/job-request.js';
import { JobType } from '../../../jobs/job-type.js';
import { newJobId } from '../../../jobs/new-job-id.js';
import { systemClock } from '../../../values/clock.js';
import { openTestCosts } from '../../support/costs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

interface CountRequest extends JobRequest {
  readonly text: string;
}

interface CountSpec {
  readonly text: string;
  /** Not asked for by the client. */
  readonly plannedBy: string;
}

interface Counted {
  readonly words: number;
}

type CountJob = JobRecord<CountSpec, Counted, Counted>;

/** Counts the words of a text, each after a step that the test allows. No other code knows of this kind of job. */
class WordCountHandler implements JobHandler<CountRequest, CountSpec, Counted, Counted> {
  readonly type: JobType<CountSpec, Counted, Counted>;
  readonly runs: CountJob[] = [];
  readonly finalized: { readonly job: CountJob; readonly how: 'CANCELLED' | JobError }[] = [];
  plannedBy = 'a first release';
  /** Counting stops for good before this word. */
  barrier = Infinity;

  constructor(name = 'word-count') {
    this.type = new JobType(name, 'WORD_COUNT');
  }

  async plan({ text }: CountRequest): Promise<JobPlan<CountSpec>> {
    return {
      displayName: null,
      labels: {},
      spec: { text, plannedBy: this.plannedBy },
      check: async () => {
        if (text === '') throw badInput('There is no text.', 'text');
      },
    };
  }

  requested({ text }: CountSpec): string {
    return text;
  }

  async run(job: CountJob, control: JobControl<Counted>): Promise<JobOutcome<Counted>> {
    this.runs.push(job);
    const total = job.spec.text.split(' ').length;
    await control.running(BigInt(total));
    let words = job.checkpoint?.words ?? 0;
    while (words < total) {
      if (words >= this.barrier) await aborted(control.signal);
      const reason = stopReason(control.signal);
      if (reason === 'stop') throw new Error('stopped');
      if (reason === 'cancel') return { state: 'CANCELLED', ...this.#result(words, total) };
      words += 1;
      await control.checkpoint({ words }, this.#result(words, total).progress);
    }
    return { state: 'SUCCEEDED', ...this.#result(words, total) };
  }

  async finalize(job: CountJob, how: 'CANCELLED' | JobError) {
    this.finalized.push({ job, how });
    return { result: job.checkpoint, progress: job.progress };
  }

  #result(words: number, total: number) {
    return { result: { words }, progress: { completed: BigInt(words), failed: 0n, total: BigInt(total) } };
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

const ASKED = { createdBy: null, idempotencyKey: null };

function openEngine(folder: string, handlers: readonly JobHandler[], accounting?: JobAccounting) {
  const store = new LmdbJobStore(folder);
  const engine = new JobEngine({
    store,
    handlers,
    clock: systemClock,
    newId: newJobId,
    maxRunning: 2,
    ...(accounting ? { accounting } : {}),
    onError: () => undefined,
  });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await engine.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  return { engine, store, stop };
}

async function waitFor(engine: JobEngine, id: string, isSeen: (job: JobRecord) => boolean): Promise<JobRecord> {
  for await (const job of (await engine.follow(id))!) if (isSeen(job)) return job;
  throw new Error('the job ended before');
}
const hasEnded = ({ endedAt }: JobRecord): boolean => endedAt !== null;

describe('a kind of job that only its handler knows', () => {
  it('is planned, checked, kept and run to its result', async () => {
    const handler = new WordCountHandler();
    const { engine } = openEngine(temporaryFolder(), [handler]);
    await expect(engine.start(handler, { ...ASKED, text: '' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const { id } = await engine.start(handler, { ...ASKED, text: 'one two three' });
    const job = handler.type.read(await waitFor(engine, id, hasEnded));
    expect(job).toMatchObject({ kind: 'WORD_COUNT', handler: 'word-count', state: 'SUCCEEDED' });
    expect(job.result?.words).toBe(3);
    expect(handler.runs).toHaveLength(1);
  });

  it('goes on in the next process from its checkpoint', async () => {
    const folder = temporaryFolder();
    const first = new WordCountHandler();
    first.barrier = 2;
    const { engine, stop } = openEngine(folder, [first]);
    const { id } = await engine.start(first, { ...ASKED, text: 'one two three' });
    await waitFor(engine, id, ({ progress }) => progress.completed === 2n);
    await stop();
    const second = new WordCountHandler();
    const next = openEngine(folder, [second]);
    await next.engine.resume();
    await waitFor(next.engine, id, hasEnded);
    expect(second.runs.map(({ checkpoint }) => checkpoint)).toEqual([{ words: 2 }]);
    expect((await next.engine.get(id))?.result).toEqual({ words: 3 });
  });

  it('leaves what its handler finalizes when its attempts are used up', async () => {
    const folder = temporaryFolder();
    const first = new WordCountHandler();
    first.barrier = 1;
    const { engine, store, stop } = openEngine(folder, [first]);
    const { id } = await engine.start(first, { ...ASKED, text: 'one two' });
    await waitFor(engine, id, ({ progress }) => progress.completed === 1n);
    await store.update(id, (record) => ({ ...record, attempts: 26 }));
    await stop();
    const second = new WordCountHandler();
    const next = openEngine(folder, [second]);
    await next.engine.resume();
    const job = await waitFor(next.engine, id, hasEnded);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' }, result: { words: 1 } });
    expect(second.finalized).toMatchObject([{ job: { id }, how: { code: 'GIVEN_UP' } }]);
    expect(second.runs).toEqual([]);
  });

  it('ends where the gateway has no handler of that name', async () => {
    const folder = temporaryFolder();
    const handler = new WordCountHandler();
    handler.barrier = 0;
    const { engine, stop } = openEngine(folder, [handler]);
    const { id } = await engine.start(handler, { ...ASKED, text: 'one' });
    await waitFor(engine, id, ({ state }) => state === 'RUNNING');
    await stop();
    const next = openEngine(folder, [new WordCountHandler('another')]);
    await next.engine.resume();
    expect(await waitFor(next.engine, id, hasEnded)).toMatchObject({
      state: 'FAILED',
      error: { code: 'UNKNOWN_KIND' },
    });
  });
});

describe('handlers of one kind', () => {
  it('each run the jobs that they started', async () => {
    const [here, there] = [new WordCountHandler('here'), new WordCountHandler('there')];
    const { engine } = openEngine(temporaryFolder(), [here, there]);
    const jobs = [
      await engine.start(here, { ...ASKED, text: 'a' }),
      await engine.start(there, { ...ASKED, text: 'b' }),
    ];
    for (const { id } of jobs) await waitFor(engine, id, hasEnded);
    expect(here.runs.map(({ spec }) => spec.text)).toEqual(['a']);
    expect(there.runs.map(({ spec }) => spec.text)).toEqual(['b']);
    expect(() => there.type.read(jobs[0]!)).toThrow('belongs to the handler here');
  });

  it('share their idempotency keys: the same text for another handler is another request', async () => {
    const [here, there] = [new WordCountHandler('here'), new WordCountHandler('there')];
    const { engine } = openEngine(temporaryFolder(), [here, there]);
    const request = { ...ASKED, text: 'a', idempotencyKey: 'key' };
    const { id } = await engine.start(here, request);
    expect((await engine.start(here, request)).id).toBe(id);
    await expect(engine.start(there, request)).rejects.toMatchObject({ details: { field: 'idempotencyKey' } });
  });

  it('have names of their own, and an engine starts no job that it cannot run', async () => {
    const handler = new WordCountHandler();
    expect(() => openEngine(temporaryFolder(), [handler, new WordCountHandler()])).toThrow('word-count');
    const { engine, store } = openEngine(temporaryFolder(), [handler]);
    await expect(engine.start(new WordCountHandler('other'), { ...ASKED, text: 'a' })).rejects.toThrow('other');
    expect(await store.list({ filter: {}, before: null, limit: 1 })).toEqual([]);
  });
});

it('a key used again gives the job, though what the client did not ask for is planned otherwise by now', async () => {
  const handler = new WordCountHandler();
  const { engine } = openEngine(temporaryFolder(), [handler]);
  const request = { ...ASKED, text: 'a', idempotencyKey: 'key' };
  const { id } = await engine.start(handler, request);
  handler.plannedBy = 'a second release';
  expect(await engine.start(handler, request)).toMatchObject({ id, spec: { plannedBy: 'a first release' } });
  await expect(engine.start(handler, { ...request, text: 'b' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

describe('work that is done at once', () => {
  /** Half a tebibyte: $3.125 by the default price book. */
  const work = async () => ({ kind: 'SCAN', bytes: 2n ** 39n, priceBook: null }) as const;
  const terms = { createdBy: 'ada' };

  async function openWithBudget(dollars: number) {
    const folder = temporaryFolder();
    const costs = await openTestCosts({ folder: join(folder, 'costs'), dailyBudgets: new Map([['ada', dollars]]) });
    onTestFinished(() => costs.close());
    return openEngine(join(folder, 'jobs'), [], new JobAccounting(costs, systemClock)).engine;
  }

  it('is admitted as a job is, and its estimate is charged', async () => {
    const engine = await openWithBudget(4);
    expect(await engine.runAtOnce(work, terms, async () => 'done')).toBe('done');
    await expect(engine.runAtOnce(work, terms, async () => 'done')).rejects.toMatchObject({
      code: 'COST_OVER_LIMIT',
      details: { spentUsd: 3.125 },
    });
  });

  it('is not begun above the limit of its request, and costs nothing when it fails', async () => {
    const engine = await openWithBudget(4);
    const neverRun = () => Promise.reject(new Error('it ran'));
    await expect(engine.runAtOnce(work, { ...terms, maxCostUsd: 3 }, neverRun)).rejects.toMatchObject({
      code: 'COST_OVER_LIMIT',
      details: { field: 'maxCostUsd' },
    });
    await expect(engine.runAtOnce(work, terms, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await engine.runAtOnce(work, terms, async () => 'done')).toBe('done');
  });
});
