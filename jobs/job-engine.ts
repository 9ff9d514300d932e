import { AppError, badInput } from '../errors/app-error.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import type { CostEstimate } from '../costs/cost-estimate.js';
import {
  MAX_ATTEMPTS_EXCEEDED,
  toAttemptsExceededFailure,
  hasExceededAttempts,
  releaseAttempt,
  beginAttempt,
} from './job-attempts.js';
import type { JobCosts } from './job-costs.js';
import { isTerminalState, type JobState } from '../datasources/job-store/job-state.js';
import { toJobError, JobFailure } from './job-failure.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { stopReason, type JobControl, type JobOutcome, type JobRunner, type StopReason } from './job-runner.js';
import type { JobQuery, JobStore } from '../datasources/job-store/job-store.js';
import { jobControl } from './job-control.js';
import { JobRecords } from './job-records.js';
import { toAdoptionKey, scopeIdempotencyKey, isSameRequest } from './idempotency.js';
import { adoptedJob, newJob, type AdoptedJob, type JobRequest } from './new-job.js';
import { ProgressMeter, type ProgressRate } from './progress-rate.js';

export interface JobEngineOptions {
  readonly store: JobStore;
  readonly runners: readonly JobRunner[];
  readonly clock: Clock;
  /** Ids that sort by time: by that of the call, or one that is given. */
  readonly newId: (at?: Instant) => string;
  /** How many jobs run on this machine at once; the others stay QUEUED. */
  readonly maxRunning: number;
  /** Absent: jobs cost nothing. */
  readonly costs?: JobCosts;
  readonly onError: (error: unknown, job: JobRecord) => void;
}

interface RunningJob {
  readonly abort: AbortController;
  readonly meter: ProgressMeter;
  readonly done: Promise<void>;
  readonly isLocal: boolean;
}

/**
 * Runs jobs and keeps their records. Every step that others may rely on is durable before it is told: a start, a state, a
 * checkpoint. After a crash `resume` takes up what had not ended; a job ends once, whatever happens in between.
 */
export class JobEngine {
  readonly #options: JobEngineOptions;
  readonly #runners: ReadonlyMap<string, JobRunner>;
  readonly #records: JobRecords;
  readonly #running = new Map<string, RunningJob>();
  readonly #queue: JobRecord[] = [];
  readonly #stopping = new AbortController();

  constructor(options: JobEngineOptions) {
    this.#options = options;
    this.#runners = new Map(options.runners.map((runner) => [runner.kind, runner]));
    const { store, costs, onError } = options;
    this.#records = new JobRecords({ store, costs, onError, replicaHours: (record) => this.#replicaHours(record) });
  }

  /**
   * Keeps a new job and gives its record; with an idempotency key used before, that of the job of that time. The same key
   * for something else is BAD_USER_INPUT: giving the old job would say that the new request is being done.
   */
  async start(request: JobRequest): Promise<JobRecord> {
    if (this.#stopping.signal.aborted)
      throw new AppError('SHUTTING_DOWN', 'The gateway is stopping. Try another instance.');
    const { store, clock, newId, costs } = this.#options;
    const key = scopeIdempotencyKey(request);
    const earlier = key === null ? undefined : await store.findByIdempotencyKey(key);
    if (earlier) return this.#requireSameRequest(request, earlier);
    await request.check?.();
    const cost = (await costs?.admit(request)) ?? null;
    const record = newJob(request, newId(), clock(), cost);
    const release = async () => cost && costs?.release(cost);
    const kept = await store.create(record, key).catch(async (error: unknown) => {
      await release();
      throw error;
    });
    if (kept.id !== record.id) {
      await release();
      return this.#requireSameRequest(request, kept);
    }
    this.#enqueue(kept);
    return kept;
  }

  /** Keeps work that was begun elsewhere as a job of its own time, once, and watches it to its end. */
  async adopt(job: AdoptedJob): Promise<JobRecord> {
    const { store, newId } = this.#options;
    const record = adoptedJob(job, newId(job.createdAt));
    const kept = await store.create(record, toAdoptionKey(job));
    if (!isTerminalState(kept.state)) this.#enqueue(kept);
    return this.#records.current(kept);
  }

  /** Takes up all jobs that were not done with when the process ended. */
  async resume(): Promise<void> {
    for (const record of await this.#options.store.listUnfinished()) {
      if (isTerminalState(record.state)) await this.#records.settle(record);
      else this.#enqueue(record);
    }
  }

  async get(id: string): Promise<JobRecord | undefined> {
    return this.#records.get(id);
  }

  async list(query: JobQuery): Promise<JobRecord[]> {
    return this.#records.list(query);
  }

  /** How fast a job goes now; nothing for one that does not run here. */
  rate(record: JobRecord): ProgressRate {
    const none = { ratePerSecond: null, remainingSeconds: null };
    return this.#running.get(record.id)?.meter.rate(record.progress, this.#options.clock()) ?? none;
  }

  /** The estimate that a job was admitted with; null where jobs cost nothing. */
  estimatedCost({ cost }: JobRecord): CostEstimate | null {
    return (cost && this.#options.costs?.estimatedCost(cost)) ?? null;
  }

  /** What a job has cost up to now, or in all; null when nobody says. */
  costSoFar(record: JobRecord): CostEstimate | null {
    return (record.cost && this.#options.costs?.costSoFar(record.cost, this.#replicaHours(record))) ?? null;
  }

  /**
   * Asks a job to stop. One that never ran ends at once; any other becomes CANCELLING and ends as CANCELLED when its
   * runner has put down what there is. Asking again changes nothing; a job that has ended stays as it is.
   */
  async cancel(id: string): Promise<JobRecord> {
    if (!(await this.get(id))) throw new AppError('JOB_NOT_FOUND', `There is no job "${id}".`, { field: 'id' });
    const record = await this.#records.change(id, (current) => {
      if (isTerminalState(current.state)) return current;
      const hasRun = current.startedAt !== null || this.#running.has(id);
      return hasRun ? { ...current, state: 'CANCELLING' } : this.#ended(current, 'CANCELLED');
    });
    this.#running.get(id)?.abort.abort('cancel' satisfies StopReason);
    const waiting = this.#queue.findIndex((queued) => queued.id === id);
    // Putting down what there is takes no time worth waiting in the queue for.
    if (waiting >= 0 && !this.#stopping.signal.aborted)
      for (const queued of this.#queue.splice(waiting, 1)) this.#begin(queued);
    return record;
  }

  /** The job now, then each change, until it ends. */
  async follow(id: string): Promise<AsyncIterableIterator<JobRecord, undefined> | undefined> {
    const record = await this.get(id);
    if (!record) return undefined;
    return this.#records.ensureWatch(record).follow();
  }

  /** Ends the work of this process. Jobs stay as they are, to be taken up by the next one. */
  async stop(): Promise<void> {
    this.#queue.length = 0;
    this.#stopping.abort('stop' satisfies StopReason);
    for (const { abort } of this.#running.values()) abort.abort('stop' satisfies StopReason);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    await this.#options.store.close();
  }

  #requireSameRequest(request: JobRequest, earlier: JobRecord): JobRecord {
    if (isSameRequest(request, earlier)) return this.#records.current(earlier);
    throw badInput(
      'This idempotency key was used before, to start another job. Use a new key for a new job, or send the same request again.',
      'idempotencyKey',
    );
  }

  /** A job is in the queue or runs once, also when `resume` finds one that was started a moment ago. */
  #enqueue(record: JobRecord): void {
    if (this.#running.has(record.id) || this.#queue.some(({ id }) => id === record.id)) return;
    this.#queue.push(record);
    this.#startNext();
  }

  #startNext(): void {
    while (!this.#stopping.signal.aborted) {
      const isFull =
        [...this.#running.values()].filter(({ isLocal: isHere }) => isHere).length >= this.#options.maxRunning;
      const next = isFull ? this.#queue.findIndex((queued) => this.#isRemote(queued)) : 0;
      const [record] = next < 0 ? [] : this.#queue.splice(next, 1);
      if (!record) return;
      this.#begin(record);
    }
  }

  #isRemote(job: JobRecord): boolean {
    return this.#runners.get(job.kind)?.isRemote?.(job) ?? false;
  }

  #begin(queued: JobRecord): void {
    const abort = new AbortController();
    const meter = new ProgressMeter();
    const done = this.#run(queued.id, abort, meter)
      // Only the store itself gets here, when not even a failure can be kept. The job stays, for the next process.
      .catch((error: unknown) => this.#options.onError(error, queued))
      .finally(() => {
        this.#running.delete(queued.id);
        this.#startNext();
      });
    this.#running.set(queued.id, { abort, meter, done, isLocal: !this.#isRemote(queued) });
  }

  async #run(id: string, abort: AbortController, meter: ProgressMeter): Promise<void> {
    const record = await this.#beginAttempt(id);
    if (!record || isTerminalState(record.state)) return;
    const runner = this.#runners.get(record.kind);
    if (hasExceededAttempts(record)) return this.#failExceededAttempts(record, runner);
    if (stopReason(abort.signal) === 'stop') return this.#releaseAttempt(id);
    if (record.state === 'CANCELLING') abort.abort('cancel' satisfies StopReason);
    try {
      if (!runner) throw new JobFailure('UNKNOWN_KIND', `This gateway does not run jobs of kind ${record.kind}.`);
      const outcome = await runner.run(record, this.#control(id, abort.signal, meter));
      await this.#finish(id, outcome);
    } catch (error) {
      if (this.#stopping.signal.aborted) await this.#releaseAttempt(id);
      else await this.#fail(id, error);
    }
  }

  /**
   * Counts the attempt durably before any work is done, since it may be this work that ends the process. One that was
   * being cancelled is taken up as well: its runner puts down what there is.
   */
  async #beginAttempt(id: string): Promise<JobRecord | undefined> {
    const stored = await this.#options.store.get(id);
    if (!stored || isTerminalState(stored.state)) return undefined;
    this.#records.ensureWatch(stored);
    return this.#records.change(id, (current) => beginAttempt(current, this.#options.clock()));
  }

  /** Ends a job without running it. What it left is put in order before its end is kept, so that no crash leaves it. */
  async #failExceededAttempts(record: JobRecord, runner: JobRunner | undefined): Promise<void> {
    const how = record.state === 'CANCELLING' ? 'CANCELLED' : MAX_ATTEMPTS_EXCEEDED;
    try {
      const left = (await runner?.finalize?.(record, how)) ?? { result: null, progress: record.progress };
      await this.#finish(
        record.id,
        how === 'CANCELLED' ? { state: how, ...left } : { state: 'FAILED', error: how, ...left },
      );
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      await this.#fail(record.id, toAttemptsExceededFailure(error));
    }
  }

  async #releaseAttempt(id: string): Promise<void> {
    await this.#records.change(id, releaseAttempt);
  }

  #control(id: string, signal: AbortSignal, meter: ProgressMeter): JobControl {
    return jobControl({
      signal,
      stopping: this.#stopping.signal,
      meter,
      clock: this.#options.clock,
      change: (change) => this.#records.change(id, change),
      watch: () => this.#records.watch(id),
    });
  }

  async #finish(id: string, outcome: JobOutcome): Promise<void> {
    const { state, result, progress } = outcome;
    const error = 'error' in outcome ? outcome.error : null;
    await this.#records.change(id, (current) => ({ ...this.#ended(current, state), result, progress, error }));
  }

  async #fail(id: string, error: unknown): Promise<void> {
    const failure = toJobError(error);
    const record = await this.#records.change(id, (current) => ({ ...this.#ended(current, 'FAILED'), error: failure }));
    // What a failure was made of is for the log alone.
    const hasMore = error instanceof Error && error.cause !== undefined;
    if (failure.code === 'INTERNAL' || hasMore) this.#options.onError(error, record);
  }

  #ended(record: JobRecord, state: JobState): JobRecord {
    return { ...record, state, endedAt: this.#options.clock() };
  }

  #replicaHours(record: JobRecord): number | null {
    return this.#runners.get(record.kind)?.replicaHours?.(record, this.#options.clock()) ?? null;
  }
}
