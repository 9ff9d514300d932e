import type { IncomingMessage } from 'node:http';
import { acceptedTypes } from './accepted-types.js';
import { isOwnOrigin } from './cors.js';

/**
 * Whether a GET query can run without a header that forces a preflight. This is safe when another site cannot have
 * caused the request: it comes from this site, from a configured origin, or not from a browser. Clients such as urql
 * send such GET requests.
 *
 * The check protects against requests that cost money or time; another site cannot read the response anyway.
 */
export function isSafeGet({ method, headers }: IncomingMessage, origins: readonly string[]): boolean {
  if ((method !== 'GET' && method !== 'HEAD') || !acceptsGraphql(headers)) return false;
  const { origin } = headers;
  if (origin !== undefined) return origins.includes(origin) || isOwnOrigin(headers);
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  // Browsers omit Sec-Fetch-Site over plain HTTP, and did so before 2023. All browsers have Mozilla in their
  // User-Agent.
  return !headers['user-agent']?.startsWith('Mozilla/');
}

/** Requests of an image, a script, a form or a link never accept this type. */
function acceptsGraphql(headers: IncomingMessage['headers']): boolean {
  return acceptedTypes({ headers }).includes('application/graphql-response+json');
}
