import type { AuditedAccess } from '../auth/audit/audit-record.js';
import type { AuditTrail } from '../auth/audit/audit-trail.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { AppError } from '../errors/app-error.js';
import type { JsonObject } from '../schema/scalars/json-object.js';
import { USER_ERROR_CODES, type UserError, type UserErrorCode } from '../schema/user-error.js';

/** The result of a mutation that concerns a job. */
export interface JobPayload<Job> {
  readonly job: Job | null;
  readonly userErrors: readonly UserError[];
}

/**
 * An error in the input is data, so that a client can show it beside the field of its form. All other errors (a store does
 * not answer, an internal error) are errors of the field.
 */
export async function jobPayload<Job extends JobRecord>(
  audit: AuditTrail,
  access: Pick<AuditedAccess, 'action'> & Partial<AuditedAccess>,
  change: () => Promise<Job>,
): Promise<JobPayload<Job>> {
  try {
    const job = await audit.run(access, change, ({ id }) => ({ job: `jobs/${id}` }));
    return { job, userErrors: [] };
  } catch (error) {
    return { job: null, userErrors: [toUserError(error)] };
  }
}

/** The error in the input; throws every other error. */
export function toUserError(error: unknown): UserError {
  if (error instanceof AppError && isUserErrorCode(error.code)) return userError(error, error.code);
  throw error;
}

function userError({ message, details }: AppError, code: UserErrorCode): UserError {
  return {
    message,
    code,
    field: details.field === undefined ? null : ['input', ...segments(details.field)],
    row: typeof details.row === 'number' ? details.row : null,
    estimate: (details.estimate as JsonObject | undefined) ?? null,
  };
}

/** `labels.source.rows[3].time`: labels, source, rows, 3, time. */
function segments(field: string): string[] {
  return field.split(/[.[\]]+/).filter((segment) => segment !== '');
}

function isUserErrorCode(code: string): code is UserErrorCode {
  return (USER_ERROR_CODES as readonly string[]).includes(code);
}
