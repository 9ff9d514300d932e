import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RoundRobinProxy {
  /** The address of the API behind it. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A load balancer without health checks: each request goes to the next gateway, also to one that was just killed. A
 * request without a whole answer gets 502.
 */
export async function startRoundRobinProxy(urls: () => readonly string[]): Promise<RoundRobinProxy> {
  let next = 0;
  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    const all = urls();
    const { hostname, port, pathname } = new URL(all[(next += 1) % all.length]!);
    let isAnswered = false;
    const fail = (): void => {
      if (isAnswered) return;
      isAnswered = true;
      response.writeHead(502, { 'content-type': 'text/plain' }).end('no gateway');
    };
    const headers = { ...incoming.headers, host: `${hostname}:${port}`, connection: 'close' };
    const call = request({ hostname, port, path: pathname, method: incoming.method, headers }, (answer) => {
      const body: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => body.push(chunk));
      answer.on('error', fail);
      answer.on('end', () => {
        if (!answer.complete) return fail();
        if (isAnswered) return;
        isAnswered = true;
        response
          .writeHead(answer.statusCode!, { 'content-type': answer.headers['content-type'] })
          .end(Buffer.concat(body));
      });
    });
    call.on('error', fail);
    incoming.pipe(call);
  };
  const server = createServer(pass);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
