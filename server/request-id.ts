import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A caller's id is taken only if it is harmless in a header and a log line: no line break may come back out of it. */
const ACCEPTABLE = /^[\w.=-]{1,128}$/;

/** The id of a request: the caller's own x-request-id, so that traces join up, or a new one. */
export function resolveRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTABLE.test(given) ? given : randomUUID();
}
