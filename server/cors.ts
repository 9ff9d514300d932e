import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** How long a browser may cache the response to a preflight, in seconds. */
const PREFLIGHT_MAX_AGE = '600';

/**
 * Allows pages of the configured origins to call the API. Never `*`: behind a login, any web page could then read
 * features with the rights of its visitor.
 */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): void {
  response.setHeader('vary', 'origin');
  const { origin } = request.headers;
  if (origin === undefined || !origins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'x-request-id, x-cost-estimated, x-cost-used, retry-after, etag');
  if (request.method === 'OPTIONS') {
    response.setHeader('access-control-allow-methods', 'GET, POST');
    response.setHeader(
      'access-control-allow-headers',
      'content-type, authorization, apollo-require-preflight, if-none-match, x-request-id, x-show-cost',
    );
    response.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE);
  }
}

/**
 * Whether a WebSocket may open. Browsers send no preflight for a WebSocket, but they send cookies: without this check,
 * any web page could follow jobs with the rights of its visitor. Programs send no Origin.
 */
export function mayConnect({ headers: { origin, host } }: IncomingMessage, origins: readonly string[]): boolean {
  return origin === undefined || origins.includes(origin) || isOwnOrigin({ origin, host });
}

/** The gateway's own page; behind a proxy that terminates TLS, the schemes differ. */
export function isOwnOrigin({ origin, host }: Pick<IncomingHttpHeaders, 'origin' | 'host'>): boolean {
  return origin !== undefined && host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
