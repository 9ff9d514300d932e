import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { maskError } from '../errors/mask-error.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';
import { requestScope } from '../observability/request-scope.js';

/** What of an error may leave the gateway; what may not is logged. */
export type FormatError = (error: GraphQLError) => GraphQLFormattedError;

/** The same, for Apollo, which has formatted the error in its own way before. */
export type FormatFormattedError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** Who hears of errors beside the client: the counter of all, the log of those that were hidden. */
export interface ErrorReports {
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
}

export function formattedErrorFormatter({ logger, metrics }: ErrorReports): FormatFormattedError {
  return (formatted, error) => {
    const masked = maskError(formatted, error, requestScope.getStore()?.requestId);
    metrics.error(String(masked.formatted.extensions?.code));
    if (masked.hidden !== undefined) logger.error({ err: masked.hidden, path: formatted.path }, 'a field failed');
    return masked.formatted;
  };
}

export function errorFormatter(reports: ErrorReports): FormatError {
  const format = formattedErrorFormatter(reports);
  return (error) => format(error.toJSON(), error);
}
