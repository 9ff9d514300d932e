import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { startDeadline } from '../runtime/deadlines.js';

/** Milliseconds between two looks at the requests whose head has not arrived. Node's own default is 30 seconds. */
const CHECK_EVERY_MS = 1_000;

/** The options of a server that bound the arrival of a head. limitArrival bounds that of a body. */
export const ARRIVAL_OPTIONS = {
  headersTimeout: REQUEST_LIMITS.headArrivalTimeoutMs,
  connectionsCheckingInterval: CHECK_EVERY_MS,
  // Of the whole server, but the body of a stream of rows arrives for as long as its client has some.
  requestTimeout: 0,
} as const;

/** Closes the connection of a request whose body has not arrived within the time. */
export function limitArrival(request: IncomingMessage, response: ServerResponse, timeoutMs: number): void {
  const clear = startDeadline(timeoutMs, () => {
    afterSockets(() => {
      if (request.complete || request.socket.destroyed) return;
      if (!response.headersSent) request.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
      request.socket.destroySoon();
    });
  });
  // Each comes once.
  request.on('end', clear).on('close', clear);
}

/**
 * Closes idle connections, but not one whose next request waits in the kernel. After work that held the event loop for
 * seconds, the timers of idle connections run before their sockets are read, and Node would reset connections with
 * requests on them.
 */
export function closeIdleConnections(server: Server): void {
  server.on('timeout', (socket: Socket) => {
    const { bytesRead } = socket;
    afterSockets(() => {
      if (socket.bytesRead === bytesRead) socket.destroy();
    });
  });
}

/** Runs something when the event loop has read the sockets once. Timers run before that. */
export function afterSockets(run: () => void): void {
  setImmediate(run);
}
