import { inSpan } from '../runtime/spans.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
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

export interface AttemptRunnerOptions {
  readonly store: JobStore;
  readonly records: JobRecords;
  readonly handlers: JobHandlers;
  readonly clock: Clock;
}

/** Runs one attempt of a job by its handler and stores the outcome durably. */
export class AttemptRunner {
  constructor(private readonly options: AttemptRunnerOptions) {}

  async run(id: string, run: JobRun): Promise<void> {
    const job = await this.#begin(id);
    if (!job || isTerminalState(job.state)) return;
    const { abort, stopping } = run;
    if (hasExceededAttempts(job)) return this.#giveUp(job, stopping);
    if (stopReason(abort.signal) === 'stop') return this.#release(id);
    if (job.state === 'CANCELLING') abort.abort('cancel' satisfies StopReason);
    try {
      await this.#finish(
        id,
        await inSpan(
          'job.attempt',
          () => this.options.handlers.get(job).run(job, this.#control(id, run)),
          () => ({ attributes: { 'featuregraph.job.kind': job.kind, 'featuregraph.job.attempt': job.attempts } }),
        ),
      );
    } catch (error) {
      if (stopping.aborted) await this.#release(id);
      else await this.#fail(id, error);
    }
  }

  /**
   * Counts the attempt durably before the work starts, because this work may end the process. A job that was being
   * cancelled runs as well: its handler stores the partial result.
   */
  async #begin(id: string): Promise<JobRecord | undefined> {
    const { store, records, clock } = this.options;
    const stored = await store.get(id);
    if (!stored || isTerminalState(stored.state)) return undefined;
    records.ensureWatch(stored);
    return records.change(id, (current) => beginAttempt(current, clock()));
  }

  /**
   * Ends a job without running it. The handler finalizes the job before its end is stored, so that a crash does not
   * skip it.
   */
  async #giveUp(job: JobRecord, stopping: AbortSignal): Promise<void> {
    const how = job.state === 'CANCELLING' ? 'CANCELLED' : MAX_ATTEMPTS_EXCEEDED;
    try {
      const left = (await this.options.handlers.find(job)?.finalize?.(job, how)) ?? {
        result: null,
        progress: job.progress,
      };
      await this.#finish(
        job.id,
        how === 'CANCELLED' ? { state: how, ...left } : { state: 'FAILED', error: how, ...left },
      );
    } catch (error) {
      if (stopping.aborted) return;
      await this.#fail(job.id, toAttemptsExceededFailure(error));
    }
  }

  async #release(id: string): Promise<void> {
    await this.options.records.change(id, releaseAttempt);
  }

  #control(id: string, { abort, stopping, meter }: JobRun) {
    const { records, clock } = this.options;
    return jobControl({
      signal: abort.signal,
      stopping,
      meter,
      clock,
      change: (change) => records.change(id, change),
      watch: () => records.watch(id),
    });
  }

  async #finish(id: string, outcome: JobOutcome): Promise<void> {
    const { records, clock } = this.options;
    const { state, result, progress } = outcome;
    const error = 'error' in outcome ? outcome.error : null;
    const cause = 'cause' in outcome ? outcome.cause : undefined;
    const end = (job: JobRecord): JobRecord => ({ ...endJob(job, state, clock()), result, progress, error });
    await records.change(id, end, toCause(cause));
  }

  async #fail(id: string, error: unknown): Promise<void> {
    const { records, clock } = this.options;
    const failure = toJobError(error);
    await records.change(id, (current) => ({ ...endJob(current, 'FAILED', clock()), error: failure }), toCause(error));
  }
}

/** The cause of a failure, for the log only; undefined where the owner already gets the whole error. */
function toCause(error: unknown): unknown {
  const isTold = error instanceof JobFailure || error instanceof AppError;
  return isTold && error.cause === undefined ? undefined : error;
}
