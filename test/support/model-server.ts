import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ModelRequest {
  readonly instances: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export type Behaviour = (request: ModelRequest, response: ServerResponse, message: IncomingMessage) => unknown;

/**
 * A model server of a test: each path behaves in its own way. What a behaviour gives is sent as JSON, unless it answered
 * by itself.
 */
export async function startModelServer(behaviours: Readonly<Record<string, Behaviour>>) {
  const requests: { path: string; body: ModelRequest }[] = [];
  const server = createServer((message, response) => {
    void (async () => {
      const path = message.url ?? '';
      if (message.method === 'GET') {
        response.writeHead(path === '/healthy' ? 200 : path === '/unhealthy' ? 503 : 405).end();
        return;
      }
      const body = (await json(message)) as ModelRequest;
      requests.push({ path, body });
      const answer = await behaviours[path]?.(body, response, message);
      if (answer === undefined) return;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** y = 2a + 3b - 1. JSON has no NaN or infinity: both ways they are strings. */
export function linear({ a, b }: Readonly<Record<string, unknown>>): { y: number | string } {
  const y = 2 * Number(a) + 3 * Number(b) - 1;
  return { y: Number.isFinite(y) ? y : String(y) };
}

/** A port where nothing listens: the system gave it away a moment ago. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
