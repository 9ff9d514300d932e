import { DISK_FULL, isDiskFull } from './disk-full.js';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError } from './app-error.js';
import { ERROR_CODES, isErrorCode, type ErrorCode } from './error-codes.js';
import { inputPathOfError, type InputPath } from './input-path.js';

export interface MaskedError {
  /** The client's view of an error. */
  readonly formatted: GraphQLFormattedError;
  /**
   * The hidden part of the error, for the log: the error, or an AppError with a cause; undefined when nothing is
   * hidden.
   */
  readonly hidden: unknown;
}

/**
 * Masks errors for every transport. Errors for clients pass: an AppError, whatever wraps it, and messages of the
 * GraphQL engine about a document, under a code of the table. Any other error may have SQL, paths, resource names or a
 * password in its message (Apollo sends it to clients unchanged) and becomes INTERNAL_SERVER_ERROR.
 */
export function maskError(
  formatted: GraphQLFormattedError,
  error: unknown,
  requestId: string | undefined,
): MaskedError {
  const appError = findAppError(error);
  const position = {
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
  };
  if (appError) {
    const field = appError.details.field ?? readInputPath(error);
    return {
      formatted: {
        message: formatted.message,
        ...position,
        extensions: extensions(appError.code, requestId, { ...appError.details, ...(field ? { field } : {}) }),
      },
      // "A store did not answer" does not help an operator: the message of the store's client tells why.
      hidden: appError.cause === undefined ? undefined : appError,
    };
  }
  const code = formatted.extensions?.code;
  if (isErrorCode(code) && code !== 'INTERNAL_SERVER_ERROR') {
    const field = readInputPath(error);
    return {
      formatted: {
        message: formatted.message,
        ...position,
        extensions: extensions(code, requestId, field ? { field } : {}),
      },
      hidden: undefined,
    };
  }
  // Not a fault of the gateway: the same request succeeds when the disk has room.
  if (isDiskFull(error)) {
    return {
      formatted: { message: DISK_FULL, ...position, extensions: extensions('STORE_UNAVAILABLE', requestId) },
      hidden: error,
    };
  }
  return {
    formatted: {
      message: 'The gateway failed to answer this. Its log has the cause under the request id.',
      ...position,
      extensions: extensions('INTERNAL_SERVER_ERROR', requestId),
    },
    hidden: error,
  };
}

/** An error of the transport itself, before a GraphQL request exists. */
export function transportError(error: AppError, requestId: string): GraphQLFormattedError {
  return { message: error.message, extensions: extensions(error.code, requestId, error.details) };
}

function extensions(
  code: ErrorCode,
  requestId: string | undefined,
  details: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { code, ...details, retryable: ERROR_CODES[code].retryable, ...(requestId ? { requestId } : {}) };
}

/** graphql-js and Apollo wrap the error of a resolver or scalar in several layers. */
export function findAppError(error: unknown): AppError | undefined {
  for (let current = error; current instanceof Error;) {
    if (current instanceof AppError) return current;
    current = current instanceof GraphQLError ? current.originalError : current.cause;
  }
  return undefined;
}

/** The engine identifies the invalid input only by a location in the document. */
function readInputPath(error: unknown): InputPath | undefined {
  return error instanceof GraphQLError ? inputPathOfError(error) : undefined;
}
