import type { Instant } from '../../values/instant.js';
import type { JobRecord } from './job.js';

/** A job taken up this often without getting any further is given up: it may be what ends the process. */
const MAX_ATTEMPTS = 5;

/** A job that begins or goes on: one attempt more, or the end when there were too many. */
export function takenUp(job: JobRecord, now: Instant): JobRecord {
  const isGivenUp = job.attempts >= MAX_ATTEMPTS;
  if (job.state === 'CANCELLING' && (isGivenUp || job.startedAt === null)) {
    return { ...job, state: 'CANCELLED', endedAt: now };
  }
  if (isGivenUp) {
    const message = `The job was taken up ${MAX_ATTEMPTS} times, and each time the process ended before it got any further.`;
    return { ...job, state: 'FAILED', endedAt: now, error: { code: 'GIVEN_UP', message } };
  }
  return {
    ...job,
    state: job.state === 'QUEUED' ? 'PENDING' : job.state,
    startedAt: job.startedAt ?? now,
    attempts: job.attempts + 1,
  };
}

/** The process was asked to stop: that is not the job's fault, and does not count as an attempt. */
export function putBack(job: JobRecord): JobRecord {
  return { ...job, attempts: Math.max(0, job.attempts - 1) };
}
