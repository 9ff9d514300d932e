import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** How long a browser may remember the answer to a preflight, in seconds. */
const PREFLIGHT_MAX_AGE = '600';

/**
 * Lets pages of the configured origins call the API. Never `*`: behind a login any page of the web could then read
 * features as the person who looks at it.
 */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): void {
  response.setHeader('vary', 'origin');
  const { origin } = request.headers;
  if (origin === undefined || !origins.includes(origin)) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', 'x-request-id');
  if (request.method === 'OPTIONS') {
    response.setHeader('access-control-allow-methods', 'GET, POST');
    response.setHeader(
      'access-control-allow-headers',
      'content-type, authorization, apollo-require-preflight, x-request-id',
    );
    response.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE);
  }
}

/**
 * Whether a WebSocket may be opened. Browsers ask no preflight for one, and send cookies along: without this check any page
 * of the web could follow jobs as the person who looks at it. Programs send no Origin.
 */
export function mayConnect({ headers: { origin, host } }: IncomingMessage, origins: readonly string[]): boolean {
  return origin === undefined || origins.includes(origin) || isOwnOrigin({ origin, host });
}

/** The gateway's own page; behind a proxy that ends TLS the schemes differ. */
export function isOwnOrigin({ origin, host }: Pick<IncomingHttpHeaders, 'origin' | 'host'>): boolean {
  return origin !== undefined && host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
