import { GraphQLError, Kind, TokenKind, type ASTNode, type GraphQLFormattedError, type Token } from 'graphql';
import { AppError } from './app-error.js';
import { ERROR_CODES, isErrorCode, type ErrorCode } from './error-codes.js';

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
    const field = appError.details.field ?? readInputField(error);
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
    const field = readInputField(error);
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

/** The variable or argument an error of the engine is about: it says so only by pointing into the document. */
function readInputField(error: unknown): string | undefined {
  const node: ASTNode | undefined = error instanceof GraphQLError ? error.nodes?.[0] : undefined;
  if (!node) return undefined;
  if (node.kind === Kind.VARIABLE_DEFINITION) return node.variable.name.value;
  if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) return node.name.value;
  const isValue = node.kind.endsWith('Value');
  return isValue ? nameBefore(node.loc?.startToken) : undefined;
}

/** `asOf: "yesterday"`: from the value back over the colon to the name; out of lists and objects it may stand in. */
function nameBefore(value: Token | undefined): string | undefined {
  let depth = 0;
  for (let token = value?.prev; token; token = token.prev) {
    if (token.kind === TokenKind.BRACKET_R || token.kind === TokenKind.BRACE_R) depth += 1;
    else if (token.kind === TokenKind.BRACKET_L || token.kind === TokenKind.BRACE_L) depth -= 1;
    else if (token.kind === TokenKind.COLON && depth <= 0) return token.prev?.value;
    else if (token.kind === TokenKind.PAREN_L) return undefined;
  }
  return undefined;
}
