import type { ErrorCode } from './error-codes.js';

/**
 * Facts about an error that a program can use. Clients receive them unchanged, so they never contain a path, SQL or a
 * secret.
 */
export interface ErrorDetails {
  /** The invalid argument or input field, as clients write it: `asOf`, `names`, `labels.source.rows`. */
  readonly field?: string;
  readonly [fact: string]: unknown;
}

/**
 * An error for the client: its message names the fault and the remedy. All other errors are masked. Any folder may
 * throw it; the transports turn it into a GraphQL error or an HTTP status through errors/mask-error.ts.
 */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function badInput(message: string, field?: string): AppError {
  return new AppError('BAD_USER_INPUT', message, field === undefined ? {} : { field });
}
