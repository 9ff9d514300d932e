import type { IncomingMessage } from 'node:http';
import { isOwnOrigin } from './cors.js';

/**
 * Whether a query by GET can be answered without a header that makes browsers ask first (a preflight). Nobody could have
 * tricked a browser into sending it from another site: it comes from this site, from an origin that is configured, or from
 * no browser. Clients such as urql send GET requests of this kind.
 *
 * The check is for requests that cost money or time, since another site cannot read the answer anyway.
 */
export function isSafeGet({ method, headers }: IncomingMessage, origins: readonly string[]): boolean {
  if (method !== 'GET' || !acceptsGraphql(headers.accept)) return false;
  const { origin } = headers;
  if (origin !== undefined) return origins.includes(origin) || isOwnOrigin(headers);
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  // Browsers leave Sec-Fetch-Site out over plain HTTP, and did so before 2023. All of them are called Mozilla.
  return !headers['user-agent']?.startsWith('Mozilla/');
}

/** What an image, a script, a form or a link asks for never names this type. */
function acceptsGraphql(accept = ''): boolean {
  return accept.toLowerCase().includes('application/graphql-response+json');
}
