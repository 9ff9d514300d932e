import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { Logger } from '../observability/logger.js';

/**
 * Logs one line for the end of each job, so that a platform engineer finds its id, its end state and the reason. `code`
 * and `reason` have the owner's error, `err` its cause.
 */
export function logJobEnd(logger: Logger, job: JobRecord, cause: unknown): void {
  const { id, kind, state, error, progress } = job;
  const facts = {
    job: id,
    kind,
    state,
    completed: Number(progress.completed),
    failed: Number(progress.failed),
    ...(error ? { code: error.code, reason: error.message } : {}),
    ...(cause === undefined ? {} : { err: cause }),
  };
  if (state === 'FAILED' || state === 'EXPIRED') logger.error(facts, 'a job failed');
  else if (state === 'PARTIALLY_SUCCEEDED') logger.warn(facts, 'a job ended with failures');
  else logger.info(facts, 'a job ended');
}
