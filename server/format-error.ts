import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { maskError } from '../errors/mask-error.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';
import { requestScope, type RequestScope } from '../observability/request-scope.js';

/** Formats the parts of an error that clients may see, and logs the others. */
export type FormatError = (error: GraphQLError) => GraphQLFormattedError;

/** The same for Apollo, which has formatted the error before. */
export type FormatFormattedError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** The receivers of errors beside the client: the counter of all errors and the log of masked ones. */
export interface ErrorReports {
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
}

export function formattedErrorFormatter({ logger, metrics }: ErrorReports): FormatFormattedError {
  const logged = new OncePerRequest();
  return (formatted, error) => {
    const masked = maskError(formatted, error, requestScope.getStore()?.requestId);
    metrics.error(String(masked.formatted.extensions?.code));
    if (masked.hidden !== undefined && logged.isFirst(unwrapCause(masked.hidden))) {
      logger.error({ err: masked.hidden, path: formatted.path }, 'a field failed');
    }
    return masked.formatted;
  };
}

/**
 * One failed read of a store fails every field that waits for it: thousands of fields share one error and its stack.
 */
class OncePerRequest {
  readonly #seen = new WeakMap<RequestScope, Set<unknown>>();

  isFirst(error: unknown): boolean {
    const scope = requestScope.getStore();
    if (!scope) return true;
    const seen = this.#seen.get(scope) ?? new Set();
    this.#seen.set(scope, seen);
    if (seen.has(error)) return false;
    seen.add(error);
    return true;
  }
}

/** The original error, without the engine's wrapper for each field. */
function unwrapCause(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? unwrapCause(error.originalError) : error;
}

export function errorFormatter(reports: ErrorReports): FormatError {
  const format = formattedErrorFormatter(reports);
  return (error) => format(error.toJSON(), error);
}
