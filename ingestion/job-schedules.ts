import type { Cron } from 'croner';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import { createCron, parseSchedule } from '../datasources/registry/schedule.js';
import type { Instant } from '../values/instant.js';

/** The principal of scheduled jobs, for budgets and for idempotency keys that no client can use. */
export const SCHEDULER = 'schedule';

/** The principal of jobs that the gateway starts by itself: refreshes at its start and for another registry. */
export const GATEWAY = 'gateway';

/** A job that starts at the times of a schedule. */
export interface ScheduledJob {
  readonly schedule: string;
  /** The newest job of this kind for the same thing, from any starter. */
  readonly newest: () => Promise<JobRecord | undefined>;
  /** Starts the job of a scheduled time; null before the first. The time makes the idempotency key. */
  readonly start: (time: Instant | null) => Promise<unknown>;
  /** A job that was skipped, because the previous one has not ended. */
  readonly onSkip: () => void;
  /** A job that could not be started. */
  readonly onError: (error: unknown) => void;
}

/**
 * Starts jobs at their scheduled times. Each time has one job, even when the process restarts within that minute. A time
 * that passed while no gateway ran is made up for at the start, if there was a job before it.
 */
export class JobSchedules {
  readonly #crons: readonly Cron[];
  readonly #starting = new Set<Promise<void>>();

  /**
   * `since`: the jobs of all scheduled times up to here were started, so those of later times are made up for, also
   * without a job before them. null: it is not known.
   */
  constructor(jobs: readonly ScheduledJob[], since: Instant | null) {
    this.#crons = jobs.map((job) => this.#schedule(job, since));
  }

  /** Whether no job is about to be started. */
  get isIdle(): boolean {
    return this.#starting.size === 0;
  }

  /** Starts no further job; the job engine owns the running ones. */
  async stop(): Promise<void> {
    for (const cron of this.#crons) cron.stop();
    await Promise.all(this.#starting);
  }

  #schedule(job: ScheduledJob, since: Instant | null): Cron {
    const cron = createCron(parseSchedule(job.schedule), {}, (fired) =>
      this.#begin(job, startUnlessRunning(job, findLastRunTime(fired))),
    );
    this.#begin(job, catchUp(job, findLastRunTime(cron), since));
    return cron;
  }

  #begin({ onError }: ScheduledJob, start: Promise<void>): void {
    const started = start.catch(onError).finally(() => this.#starting.delete(started));
    this.#starting.add(started);
  }
}

async function catchUp(job: ScheduledJob, time: Instant | null, since: Instant | null): Promise<void> {
  const newest = await job.newest();
  if (time === null) return;
  const wasMissed = (since !== null && time > since) || (newest !== undefined && newest.createdAt < time);
  if (wasMissed) await startUnlessRunning(job, time);
}

async function startUnlessRunning({ newest, start, onSkip }: ScheduledJob, time: Instant | null): Promise<void> {
  const last = await newest();
  if (last && !isTerminalState(last.state)) onSkip();
  else await start(time);
}

/** The last scheduled time up to now; null before the first. */
function findLastRunTime(cron: Cron): Instant | null {
  const [time] = cron.previousRuns(1, new Date(Date.now() + 1));
  return time ? BigInt(time.getTime()) * 1000n : null;
}
