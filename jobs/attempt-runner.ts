import { isDeepStrictEqual } from 'node:util';
import { LeaseLost, type JobLease } from '../datasources/job-store/job-lease.js';
import { inSpan } from '../runtime/spans.js';
import { advanceProgress, type JobRecord } from '../datasources/job-store/job-record.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import { AppError } from '../errors/app-error.js';
import type { Clock } from '../values/clock.js';
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
}

/** One attempt of this process, under its lease of the job. */
interface Attempt extends JobRun {
  readonly id: string;
  readonly lease: JobLease;
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
    const attempt: Attempt = { ...run, stopping, id, lease, fault: undefined };
    const saving = this.#saveProgress(attempt);
    try {
      await this.#attempt(attempt);
    } catch (error) {
      // Another process has the job now.
      if (!(error instanceof LeaseLost)) throw error;
    } finally {
      lease.lost.removeEventListener('abort', stop);
      clearInterval(saving);
      records.endRun(id);
      // If this fails, the job stays for this process, or for another one once this process has ended.
      await store.release(lease).catch(() => undefined);
    }
  }

  async #attempt(attempt: Attempt): Promise<void> {
    const { abort, stopping } = attempt;
    const job = await this.#begin(attempt);
    if (!job || isTerminalState(job.state)) return;
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
    const { id, abort, stopping, meter } = attempt;
    return jobControl({
      signal: abort.signal,
      stopping,
      meter,
      clock,
      change: (change) => this.#change(attempt, change),
      watch: () => records.watch(id),
    });
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
    const end = (job: JobRecord): JobRecord => ({ ...endJob(job, state, clock()), result, progress, error });
    await this.#change(attempt, end, toCause(cause));
  }

  async #fail(attempt: Attempt, error: unknown): Promise<void> {
    const { clock } = this.options;
    const failure = toJobError(error);
    const end = (job: JobRecord): JobRecord => ({ ...endJob(job, 'FAILED', clock()), error: failure });
    await this.#change(attempt, end, toCause(error));
  }
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
