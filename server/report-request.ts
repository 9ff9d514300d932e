import type { IncomingMessage, ServerResponse } from 'node:http';
import { logRequest } from '../observability/logger.js';
import type { ErrorReports } from './format-error.js';
import { isArrowPath } from './arrow/arrow-endpoint.js';
import { INGEST_PATH } from './ingest-endpoint.js';

/** The path of a request, without its query string. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

/**
 * All other paths and methods are "other": clients could invent any number of them, and each would create a permanent
 * series.
 */
const MEASURED_ROUTES = new Set(['/graphql', '/healthz', '/readyz']);
const MEASURED_METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** The method of a request, as metrics and traces have it. */
export function methodOf({ method = '' }: IncomingMessage): string {
  return MEASURED_METHODS.has(method) ? method : 'other';
}

/** The route of a request, as metrics and traces have it. */
export function routeOf(request: IncomingMessage): string {
  const path = pathOf(request);
  return MEASURED_ROUTES.has(path) || isArrowPath(path) ? path : INGEST_PATH.test(path) ? '/ingest' : 'other';
}

/** Counts and logs a request when its connection is done with it. */
export function reportWhenDone(
  { logger, metrics }: ErrorReports,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): void {
  const start = performance.now();
  response.on('close', () => {
    const durationMs = performance.now() - start;
    const status = response.statusCode;
    metrics.request({ method: methodOf(request), route: routeOf(request), status }, durationMs / 1000);
    logRequest(logger, {
      requestId,
      method: request.method ?? '',
      path: pathOf(request),
      status,
      durationMs: Math.round(durationMs * 10) / 10,
      isAborted: !response.writableFinished,
    });
  });
}
