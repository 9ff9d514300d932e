import type { IncomingMessage } from 'node:http';

/**
 * Closes the connection of a request that has not arrived within the time, as Node's requestTimeout would. That one is
 * of the whole server, and the body of a streamed request arrives for as long as its client has rows.
 */
export function limitArrival(request: IncomingMessage, timeoutMs: number): void {
  const timer = setTimeout(() => {
    if (request.complete || request.socket.destroyed) return;
    request.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    request.socket.destroySoon();
  }, timeoutMs);
  const clear = (): void => clearTimeout(timer);
  request.once('end', clear);
  request.once('close', clear);
}
