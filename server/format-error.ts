import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { maskError } from '../errors/mask-error.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';
import { requestScope, type RequestScope } from '../observability/request-scope.js';

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

/** A store's one failed read fails every field that waited for it: thousands, each with the same error and its stack. */
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

/** What was thrown, without what the engine wraps around it for each field. */
function unwrapCause(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError ? unwrapCause(error.originalError) : error;
}

export function errorFormatter(reports: ErrorReports): FormatError {
  const format = formattedErrorFormatter(reports);
  return (error) => format(error.toJSON(), error);
}
