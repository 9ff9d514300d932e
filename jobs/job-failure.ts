import type { JobError } from '../datasources/job-store/job-record.js';
import { AppError } from '../errors/app-error.js';
import type { JobErrorCode } from '../errors/job-error-codes.js';

/** Thrown by a handler to fail its job with a reason; any other error fails it as INTERNAL, and is logged. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';

  constructor(
    readonly code: JobErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a job's owner is told of an error. Only those meant for clients say what they are. */
export function toJobError(error: unknown): JobError {
  if (error instanceof JobFailure || error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: 'The gateway failed to do this job. Its log has the cause under the job’s id.' };
}
