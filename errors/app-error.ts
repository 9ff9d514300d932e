import type { ErrorCode } from './error-codes.js';

/** Facts about an error that a program can act on; sent to the client as they are, so never a path, SQL or secret. */
export interface ErrorDetails {
  /** The argument or input field at fault, in the client's words: `asOf`, `names`, `labels.source.rows`. */
  readonly field?: string;
  readonly [fact: string]: unknown;
}

/**
 * An error meant for the client: its message says what is wrong and what to do. All other errors are masked.
 * Thrown by every room; the transports turn it into a GraphQL error or an HTTP status through errors/mask-error.ts.
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
