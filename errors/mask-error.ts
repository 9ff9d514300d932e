import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError } from './app-error.js';
import { ERROR_CODES, isErrorCode, type ErrorCode } from './error-codes.js';
import { inputPathOfError, type InputPath } from './input-path.js';

export interface MaskedError {
  /** What may leave the gateway. */
  readonly formatted: GraphQLFormattedError;
  /** What the client does not see, for the log: the error, or an AppError that has a cause; undefined when it sees all. */
  readonly hidden: unknown;
}

/**
 * The one door for errors on every transport. Those meant for clients pass: an AppError, wherever it was wrapped, and
 * what the GraphQL engine says of a document under a code of the table. Anything else may carry SQL, paths, resource
 * names or a password in its message (Apollo sends it to clients as it is) and becomes INTERNAL_SERVER_ERROR.
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
      // "A store did not answer" tells an operator nothing: why is in what the store's client said.
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
  return {
    formatted: {
      message: 'The gateway failed to answer this. Its log has the cause under the request id.',
      ...position,
      extensions: extensions('INTERNAL_SERVER_ERROR', requestId),
    },
    hidden: error,
  };
}

/** An error of the transport itself, before there was a GraphQL request. */
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

/** graphql-js and Apollo wrap what a resolver or scalar threw, some layers deep. */
export function findAppError(error: unknown): AppError | undefined {
  for (let current = error; current instanceof Error;) {
    if (current instanceof AppError) return current;
    current = current instanceof GraphQLError ? current.originalError : current.cause;
  }
  return undefined;
}

/** The engine says what input its error is about only by pointing into the document. */
function readInputPath(error: unknown): InputPath | undefined {
  return error instanceof GraphQLError ? inputPathOfError(error) : undefined;
}
