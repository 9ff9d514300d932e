import { isDeepStrictEqual } from 'node:util';
import { LeaseLost, type JobLease } from '../datasources/job-store/job-lease.js';
import { inSpan } from '../runtime/spans.js';
import { advanceProgress, type JobError, type JobRecord } from '../datasources/job-store/job-record.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { OpenJobQuery } from '../datasources/job-store/job-cost.js';
import type { BilledQueries } from '../datasources/offline/billed-queries.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import { AppError } from '../errors/app-error.js';
import type { Clock } from '../values/clock.js';
import type { Accounting } from './accounting.js';
import {
  beginAttempt,
  endJob,
  hasExceededAttempts,
  MAX_ATTEMPTS_EXCEEDED,
  releaseAttempt,
  toAttemptsExceededFailure,
} from './attempts.js';
import { jobControl } from './job-control.js';
import { JobFailure, toJobError } from './job-failure.js';
import { JobPayer } from './job-payer.js';
import { withBilledQuery, withOpenQuery } from './open-queries.js';
import { stopReason, type JobOutcome, type StopReason } from './job-handler.js';
import type { JobHandlers } from './job-handlers.js';
import type { JobRecords } from './job-records.js';
import type { JobRun } from './job-scheduler.js';

/** The store writes the whole record, so progress is written less often than it is looked for. */
const LOOKS_PER_SAVED_PROGRESS = 2;

export interface AttemptRunnerOptions {
  readonly store: JobStore;
  readonly records: JobRecords;
  readonly handlers: JobHandlers;
  readonly clock: Clock;
  /** Absent: jobs cost nothing. */
  readonly accounting: Accounting | undefined;
  /** Absent: no job has queries that are billed. */
  readonly billedQueries: BilledQueries | undefined;
  /** How often the cost of a job that has a limit is looked at. */
  readonly costLookMs: number;
  /** Receives each job whose work begins here, at each attempt, after that is durable. */
  readonly onBegin: ((job: JobRecord) => void) | undefined;
}

/** One attempt of this process, under its lease of the job. */
interface Attempt extends JobRun {
  readonly id: string;
  readonly lease: JobLease;
  readonly payer: JobPayer;
  /** Why the job's record could not be changed: nothing more can be stored of this attempt. */
  fault: unknown;
}

/** Runs one attempt of a job by its handler and stores the outcome durably. */
export class AttemptRunner {
  constructor(private readonly options: AttemptRunnerOptions) {}

  /** Does nothing for a job that another process runs. */
  async run(id: string, run: JobRun): Promise<void> {
    const { store, records } = this.options;
    const lease = await store.claim(id);
    if (!lease) return;
    const stop = (): void => run.abort.abort('stop' satisfies StopReason);
    lease.lost.addEventListener('abort', stop, { once: true });
    const stopping = AbortSignal.any([run.stopping, lease.lost]);
    const attempt: Attempt = {
      ...run,
      stopping,
      id,
      lease,
      payer: new JobPayer({
        accounting: this.options.accounting ?? FREE,
        cost: () => records.watch(id)?.current.cost ?? null,
        begin: (query) => this.#beginQuery(attempt, query),
        end: (query, bytes) => this.#endQuery(attempt, query, bytes),
        onExcess: (excess) => this.#cancelForCost(attempt, excess),
      }),
      fault: undefined,
    };
    const saving = this.#saveProgress(attempt);
    const looking = setInterval(() => void this.#lookAtCost(attempt), this.options.costLookMs).unref();
    try {
      await this.#attempt(attempt);
    } catch (error) {
      // Another process has the job now.
      if (!(error instanceof LeaseLost)) throw error;
    } finally {
      lease.lost.removeEventListener('abort', stop);
      clearInterval(saving);
      clearInterval(looking);
      records.endRun(id);
      // If this fails, the job stays for this process, or for another one once this process has ended.
      await store.release(lease).catch(() => undefined);
    }
  }

  async #attempt(attempt: Attempt): Promise<void> {
    const { abort, stopping } = attempt;
    const job = await this.#begin(attempt);
    if (!job || isTerminalState(job.state)) return;
    this.options.onBegin?.(job);
    await this.#billLostQueries(attempt);
    if (hasExceededAttempts(job)) return this.#giveUp(job, attempt);
    if (stopReason(abort.signal) === 'stop') return this.#release(attempt);
    if (job.state === 'CANCELLING') abort.abort('cancel' satisfies StopReason);
    try {
      await this.#finish(
        attempt,
        await inSpan(
          'job.attempt',
          () => this.options.handlers.get(job).run(job, this.#control(attempt)),
          () => ({ attributes: { 'featuregraph.job.kind': job.kind, 'featuregraph.job.attempt': job.attempts } }),
        ),
      );
    } catch (error) {
      if (isStoreGone(attempt.fault)) throw attempt.fault;
      if (stopping.aborted) await this.#release(attempt);
      else await this.#fail(attempt, error);
    }
  }

  /**
   * Counts the attempt durably before the work starts, because this work may end the process. A job that was being
   * cancelled runs as well: its handler stores the partial result.
   */
  async #begin(attempt: Attempt): Promise<JobRecord | undefined> {
    const { store, records, clock } = this.options;
    const stored = await store.get(attempt.id);
    if (!stored || isTerminalState(stored.state)) return undefined;
    records.beginRun(stored);
    return this.#change(attempt, (current) => beginAttempt(current, clock()));
  }

  /**
   * Ends a job without running it. The handler finalizes the job before its end is stored, so that a crash does not
   * skip it.
   */
  async #giveUp(job: JobRecord, attempt: Attempt): Promise<void> {
    const how = job.state === 'CANCELLING' ? 'CANCELLED' : MAX_ATTEMPTS_EXCEEDED;
    try {
      const left = (await this.options.handlers.find(job)?.finalize?.(job, how)) ?? {
        result: null,
        progress: job.progress,
      };
      await this.#finish(
        attempt,
        how === 'CANCELLED' ? { state: how, ...left } : { state: 'FAILED', error: how, ...left },
      );
    } catch (error) {
      if (isStoreGone(attempt.fault)) throw attempt.fault;
      if (attempt.stopping.aborted) return;
      await this.#fail(attempt, toAttemptsExceededFailure(error));
    }
  }

  async #release(attempt: Attempt): Promise<void> {
    await this.#change(attempt, releaseAttempt);
  }

  #control(attempt: Attempt) {
    const { records, clock } = this.options;
    const { id, abort, stopping, meter, payer } = attempt;
    return jobControl({
      payer,
      signal: abort.signal,
      stopping,
      meter,
      clock,
      change: (change) => this.#change(attempt, change),
      watch: () => records.watch(id),
    });
  }

  async #beginQuery(attempt: Attempt, query: OpenJobQuery): Promise<void> {
    // A job that costs nothing has no bills.
    if (!this.options.records.watch(attempt.id)?.current.cost) return;
    await this.#change(attempt, (current) => withOpenQuery(current, query));
  }

  async #endQuery(attempt: Attempt, query: OpenJobQuery, bytes: bigint): Promise<void> {
    await this.#change(attempt, (current) => withBilledQuery(current, query, bytes));
  }

  /**
   * Adds what was billed for queries of an earlier attempt, whose process ended before it knew. The lease says that this
   * process has ended or may change nothing more, so a query that still runs is cancelled: its result is lost.
   */
  async #billLostQueries(attempt: Attempt, isLast = false): Promise<void> {
    const { records, billedQueries } = this.options;
    for (const query of records.watch(attempt.id)?.current.cost?.openQueries ?? []) {
      // A warehouse that does not answer is asked again at the end of the job; then the least counts.
      const bill = await billedQueries?.end(query).catch(() => undefined);
      if (bill?.state === 'ABSENT') await this.#endQuery(attempt, query, 0n);
      else if (bill?.state === 'ENDED') await this.#endQuery(attempt, query, bill.billedBytes ?? query.minimumBytes);
      else if (isLast) await this.#endQuery(attempt, query, query.minimumBytes);
    }
  }

  async #lookAtCost(attempt: Attempt): Promise<void> {
    const { records, accounting, handlers, clock } = this.options;
    const job = records.watch(attempt.id)?.current;
    if (!accounting || job?.cost?.cancelAboveUsd === undefined || job.state === 'CANCELLING') return;
    const excess = accounting.findExcess(job, handlers.replicaHoursSoFar(job, clock()));
    if (excess !== null) await this.#cancelForCost(attempt, excess);
  }

  /** Cancels the job as its owner could. The reason is stored first: the end of the job shows it. */
  async #cancelForCost(attempt: Attempt, excess: string): Promise<void> {
    try {
      await this.#change(attempt, (current) => ({
        ...current,
        state: 'CANCELLING',
        cost: current.cost && { ...current.cost, overLimit: current.cost.overLimit ?? excess },
      }));
      attempt.abort.abort('cancel' satisfies StopReason);
    } catch {
      // The next look repeats it; the attempt itself meets the fault when it stores something.
    }
  }

  /** Other processes see the progress of a job only in the store; the handler's reports stay in memory. */
  #saveProgress(attempt: Attempt): NodeJS.Timeout | undefined {
    const { store, records } = this.options;
    if (store.lookEveryMs === null) return undefined;
    let saved: JobRecord['progress'] | undefined;
    let isSaving = false;
    const save = async (): Promise<void> => {
      const progress = records.watch(attempt.id)?.current.progress;
      if (isSaving || progress === undefined || isDeepStrictEqual(progress, saved)) return;
      isSaving = true;
      try {
        await this.#change(attempt, (current) => ({
          ...current,
          progress: advanceProgress(current.progress, progress),
        }));
        saved = progress;
      } catch {
        // The next turn repeats it; the attempt itself meets the fault when it stores something.
      } finally {
        isSaving = false;
      }
    };
    return setInterval(() => void save(), store.lookEveryMs * LOOKS_PER_SAVED_PROGRESS).unref();
  }

  async #change(attempt: Attempt, change: (record: JobRecord) => JobRecord, cause?: unknown): Promise<JobRecord> {
    try {
      return await this.options.records.change(attempt.id, change, { lease: attempt.lease, cause });
    } catch (error) {
      attempt.fault = error;
      // Work that cannot be stored is in vain.
      if (isStoreGone(error)) attempt.abort.abort('stop' satisfies StopReason);
      throw error;
    }
  }

  async #finish(attempt: Attempt, outcome: JobOutcome): Promise<void> {
    const { clock } = this.options;
    const { state, result, progress } = outcome;
    const error = 'error' in outcome ? outcome.error : null;
    const cause = 'cause' in outcome ? outcome.cause : undefined;
    // The cost of the job is settled at its end.
    await attempt.payer.settled();
    await this.#billLostQueries(attempt, true);
    const end = (job: JobRecord): JobRecord => {
      const ofCost = state === 'CANCELLED' ? toCostError(job) : null;
      return { ...endJob(job, state, clock()), result, progress, error: error ?? ofCost };
    };
    await this.#change(attempt, end, toCause(cause));
  }

  async #fail(attempt: Attempt, error: unknown): Promise<void> {
    const { clock } = this.options;
    const failure = toJobError(error);
    await attempt.payer.settled();
    await this.#billLostQueries(attempt, true);
    const end = (job: JobRecord): JobRecord => ({ ...endJob(job, 'FAILED', clock()), error: failure });
    await this.#change(attempt, end, toCause(error));
  }
}

/** Jobs that cost nothing have no limit. */
const FREE: Pick<Accounting, 'queryLimit'> = { queryLimit: () => null };

function toCostError({ cost }: JobRecord): JobError | null {
  return cost?.overLimit === undefined ? null : { code: 'COST_OVER_LIMIT', message: cost.overLimit };
}

/** Whether the job is left to another attempt, here or elsewhere, because its record cannot be changed now. */
function isStoreGone(fault: unknown): boolean {
  return fault instanceof LeaseLost || (fault instanceof AppError && fault.code === 'STORE_UNAVAILABLE');
}

/** The cause of a failure, for the log only; undefined where the owner already gets the whole error. */
function toCause(error: unknown): unknown {
  const isTold = error instanceof JobFailure || error instanceof AppError;
  return isTold && error.cause === undefined ? undefined : error;
}
