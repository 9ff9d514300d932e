import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ARRIVAL_OPTIONS, closeIdleConnections, limitArrival } from '../../../server/arrival.js';

let server: Server;
afterEach(() => server.close().closeAllConnections());

async function open(): Promise<Socket> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('a request that does not arrive in time', () => {
  it.each([
    ['that stops', (): void => undefined],
    ['that sends a byte again and again', (socket: Socket): void => void socket.write('x')],
  ])('is answered with 408, and its connection is closed: a body %s', async (_what, send) => {
    server = createServer(ARRIVAL_OPTIONS, (request, response) => {
      limitArrival(request, response, 100);
      request.resume();
    });
    const socket = await open();
    const timer = setInterval(() => send(socket), 10);
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc');
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(timer);
  });

  it.each([
    ['of a request', 'POST / HTTP/1.1\r\nHost: x\r\n'],
    ['of a WebSocket', 'GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'],
  ])('is answered with 408: a head %s', async (_what, head) => {
    server = createServer({ ...ARRIVAL_OPTIONS, headersTimeout: 50, connectionsCheckingInterval: 20 });
    server.on('upgrade', (_request, socket) => socket.end('upgraded'));
    const socket = await open();
    socket.write(head);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('an idle connection', () => {
  const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

  function echo(): void {
    server = createServer(
      { ...ARRIVAL_OPTIONS, keepAliveTimeout: 50, keepAliveTimeoutBuffer: 0 },
      (_request, response) => response.end('here'),
    );
    closeIdleConnections(server);
  }

  it('is answered although the event loop was late, when its request had arrived', async () => {
    echo();
    const socket = await open();
    socket.write(GET);
    await once(socket, 'data');
    socket.write(GET);
    const end = performance.now() + 500;
    while (performance.now() < end) continue;
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is closed when nothing comes', async () => {
    echo();
    const socket = await open();
    socket.write(GET);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });
});
