import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Accepts a caller's id only if it is safe in a header and a log line: it must not contain a line break. */
const ACCEPTABLE = /^[\w.=-]{1,128}$/;

/** The id of a request: the caller's own x-request-id, so that traces connect, or a new one. */
export function resolveRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTABLE.test(given) ? given : randomUUID();
}
