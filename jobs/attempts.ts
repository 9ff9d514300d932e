import type { Instant } from '../values/instant.js';
import { JobFailure } from './job-failure.js';
import type { JobError, JobRecord } from '../datasources/job-store/job-record.js';
import type { JobState } from '../datasources/job-store/job-state.js';

/**
 * A job taken up this often without getting any further is given up: it may be what ends the process. So many, because
 * more often it is not: a machine that is taken away, or another job's hunger for memory, kills whatever has just begun,
 * and how long the process lived tells the two apart no better than how often. What is really at fault is ended all the
 * same, after as many starts, and a supervisor puts pauses between them.
 */
const MAX_ATTEMPTS = 25;

export const MAX_ATTEMPTS_EXCEEDED: JobError = {
  code: 'GIVEN_UP',
  message: `The job was taken up ${MAX_ATTEMPTS} times, and each time the process ended before it got any further.`,
};

/** A job that begins or goes on: one attempt more. One that never ran and is no longer wanted has ended. */
export function beginAttempt(job: JobRecord, now: Instant): JobRecord {
  if (job.state === 'CANCELLING' && job.startedAt === null) return endJob(job, 'CANCELLED', now);
  return {
    ...job,
    state: job.state === 'QUEUED' ? 'PENDING' : job.state,
    startedAt: job.startedAt ?? now,
    attempts: job.attempts + 1,
  };
}

/** Of a job whose attempt has just begun. */
export function hasExceededAttempts(job: JobRecord): boolean {
  return job.attempts > MAX_ATTEMPTS;
}

/** Why a job failed whose attempts were used up and that could not be finalized: as its handler says, if it says anything. */
export function toAttemptsExceededFailure(error: unknown): JobFailure {
  return error instanceof JobFailure
    ? error
    : new JobFailure(MAX_ATTEMPTS_EXCEEDED.code, MAX_ATTEMPTS_EXCEEDED.message, { cause: error });
}

/** The process was asked to stop: that is not the job's fault, and does not count as an attempt. */
export function releaseAttempt(job: JobRecord): JobRecord {
  return { ...job, attempts: Math.max(0, job.attempts - 1) };
}

export function endJob(job: JobRecord, state: JobState, now: Instant): JobRecord {
  return { ...job, state, endedAt: now };
}
