import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AppError } from '../errors/app-error.js';
import { ERROR_CODES } from '../errors/error-codes.js';
import { transportError } from '../errors/mask-error.js';

export function respond(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    ...headers,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

export function respondJson(response: ServerResponse, status: number, body: unknown): void {
  respond(response, status, 'application/json; charset=utf-8', `${JSON.stringify(body)}\n`);
}

/** An error of the transport in the form of a GraphQL response, so that a client reads all errors in one way. */
export function respondError(
  response: ServerResponse,
  error: AppError,
  requestId: string,
  headers: OutgoingHttpHeaders = {},
  status: number = ERROR_CODES[error.code].httpStatus,
): void {
  const body = `${JSON.stringify({ errors: [transportError(error, requestId)] })}\n`;
  respond(response, status, 'application/json; charset=utf-8', body, {
    ...retryAfter(error),
    ...challenge(error),
    ...headers,
  });
}

/**
 * What a 401 must say (RFC 9110, RFC 6750): how to authenticate, and what was wrong with a token. Without credentials there
 * is no error to name.
 */
export function challenge({ code, message, details }: AppError): { 'www-authenticate'?: string } {
  if (code !== 'UNAUTHENTICATED') return {};
  const scheme = 'Bearer realm="featuregraph"';
  if (details.reason === 'NONE') return { 'www-authenticate': scheme };
  const description = message.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, "'");
  return { 'www-authenticate': `${scheme}, error="invalid_token", error_description="${description}"` };
}

/** The header of an error after which a client may try again. */
export function retryAfter({ details }: AppError): { 'retry-after'?: string } {
  const { retryAfterSeconds } = details;
  return typeof retryAfterSeconds === 'number' ? { 'retry-after': String(retryAfterSeconds) } : {};
}
