import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { maskError } from '../errors/mask-error.js';
import type { Logger } from '../observability/logger.js';
import { requestScope } from '../observability/request-scope.js';

/** What of an error may leave the gateway; what may not is logged. */
export type FormatError = (error: GraphQLError) => GraphQLFormattedError;

/** The same, for Apollo, which has formatted the error in its own way before. */
export type FormatFormattedError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

export function formattedErrorFormatter(logger: Logger): FormatFormattedError {
  return (formatted, error) => {
    const masked = maskError(formatted, error, requestScope.getStore()?.requestId);
    if (masked.hidden !== undefined) logger.error({ err: masked.hidden, path: formatted.path }, 'a field failed');
    return masked.formatted;
  };
}

export function errorFormatter(logger: Logger): FormatError {
  const format = formattedErrorFormatter(logger);
  return (error) => format(error.toJSON(), error);
}
