import type { JobError } from '../datasources/job-store/job-record.js';
import { AppError } from '../errors/app-error.js';
import type { JobErrorCode } from '../errors/job-error-codes.js';
import { DISK_FULL, isDiskFull } from '../errors/disk-full.js';

/** A handler throws this to fail its job with a reason. Any other error fails the job as INTERNAL and is logged. */
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

/** The error for a job's owner. Only errors that are meant for clients show their message. */
export function toJobError(error: unknown): JobError {
  if (error instanceof JobFailure || error instanceof AppError) return { code: error.code, message: error.message };
  // Not a fault of the gateway: the same job succeeds when the disk has room.
  if (isDiskFull(error)) return { code: 'STORE_UNAVAILABLE', message: DISK_FULL };
  return { code: 'INTERNAL', message: 'The gateway failed to do this job. Its log has the cause under the job’s id.' };
}
