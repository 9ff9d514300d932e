import type { Instant } from '../values/instant.js';
import { JobFailure } from './job-failure.js';
import type { JobError, JobRecord } from '../datasources/job-store/job-record.js';
import type { JobState } from '../datasources/job-store/job-state.js';

/**
 * A job fails after this number of attempts without progress, because it may be what ends the process. The number is
 * high, because the job is usually not the cause: a preempted machine, or another job's memory use, kills every job
 * that has just started. The process's lifetime does not distinguish the cases better than the number of attempts does.
 * A job that is the cause still ends after this number of starts, and a supervisor pauses between them.
 */
const MAX_ATTEMPTS = 25;

export const MAX_ATTEMPTS_EXCEEDED: JobError = {
  code: 'GIVEN_UP',
  message: `The job was taken up ${MAX_ATTEMPTS} times, and each time the process ended before it got any further.`,
};

/** Begins an attempt of a new or resumed job. A job that never ran and was cancelled has ended. */
export function beginAttempt(job: JobRecord, now: Instant): JobRecord {
  if (job.state === 'CANCELLING' && job.startedAt === null) return endJob(job, 'CANCELLED', now);
  return {
    ...job,
    state: job.state === 'QUEUED' ? 'PENDING' : job.state,
    startedAt: job.startedAt ?? later(job.createdAt, now),
    attempts: job.attempts + 1,
  };
}

/** For a job whose attempt has just begun. */
export function hasExceededAttempts(job: JobRecord): boolean {
  return job.attempts > MAX_ATTEMPTS;
}

/**
 * Why a job failed whose attempts are used up and that could not be finalized: the handler's reason, if it gives one.
 */
export function toAttemptsExceededFailure(error: unknown): JobFailure {
  return error instanceof JobFailure
    ? error
    : new JobFailure(MAX_ATTEMPTS_EXCEEDED.code, MAX_ATTEMPTS_EXCEEDED.message, { cause: error });
}

/** The process was asked to stop. The job did not cause this, so it does not count as an attempt. */
export function releaseAttempt(job: JobRecord): JobRecord {
  return { ...job, attempts: Math.max(0, job.attempts - 1) };
}

export function endJob(job: JobRecord, state: JobState, now: Instant): JobRecord {
  return { ...job, state, endedAt: later(job.startedAt ?? job.createdAt, now) };
}

/** A clock that was set back while a job runs must not end it before it began: its cost and its duration would be negative. */
function later(before: Instant, now: Instant): Instant {
  return now > before ? now : before;
}
