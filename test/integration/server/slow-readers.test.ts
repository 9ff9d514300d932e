import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/until.js';
import { RawSocket } from '../../support/stream-clients.js';
import { startStreamServer, streamSchema, type StreamServer } from '../../support/stream-server.js';

/** Gives events as fast as they are taken, and counts them. */
const EVENT_BYTES = 64 * 1024;
const ALL = 4000;
let pulled = 0;
let isOpen = false;
const schema = streamSchema('type Query { one: Int } type Subscription { flood: String }', {
  flood: async function* () {
    isOpen = true;
    try {
      while (pulled < ALL) {
        pulled += 1;
        yield 'x'.repeat(EVENT_BYTES);
      }
    } finally {
      isOpen = false;
    }
  },
});

let server: StreamServer;
let serverSocket: Socket;
beforeAll(async () => {
  server = await startStreamServer(schema);
  server.http.server.on('connection', (socket) => (serverSocket = socket));
});
afterAll(() => server.close());
beforeEach(() => {
  pulled = 0;
});

/** Waits until no more events are taken from the source. */
const standstill = async () => {
  for (let last = -1; last !== pulled;) {
    last = pulled;
    for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** What a stuck reader costs the gateway: one event, beside what the system's own buffers hold of the others. */
const expectBounded = () => {
  expect(serverSocket.writableLength).toBeLessThan(3 * EVENT_BYTES);
  // The buffers of a connection on this machine take some megabytes: far from all.
  expect(pulled).toBeLessThan(ALL / 4);
};

const QUERY = 'subscription { flood }';

describe('a reader that reads nothing', () => {
  it('over WebSocket holds up its source, and goes on when it reads', async () => {
    const raw = await RawSocket.open(server.url);
    raw.send({ type: 'connection_init' });
    await until(() => raw.messages.length === 1);
    raw.socket.pause();
    raw.send({ id: '1', type: 'subscribe', payload: { query: QUERY } });
    await until(() => pulled > 0);
    await standstill();
    expectBounded();
    const before = pulled;
    raw.socket.resume();
    await until(() => pulled > 2 * before);
    raw.socket.terminate();
    await until(() => !isOpen);
  });

  it('over server-sent events holds up its source, and goes on when it reads', async () => {
    const reader = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(reader, 'connect');
    const body = JSON.stringify({ query: QUERY });
    reader.write(
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n' +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => pulled > 0);
    await standstill();
    expectBounded();
    const before = pulled;
    reader.resume();
    await until(() => pulled > 2 * before);
    reader.destroy();
    await until(() => !isOpen);
  });
});

it('a reader of events that stays stuck is cut off', async () => {
  const impatient = await startStreamServer(schema, { limits: { stalledReaderMs: 50 } });
  const reader = connect(Number(new URL(impatient.url).port), '127.0.0.1');
  const body = JSON.stringify({ query: QUERY });
  reader.write(
    'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n' +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  await until(() => isOpen);
  await until(() => !isOpen);
  expect(pulled).toBeLessThan(ALL / 4);
  reader.destroy();
  await impatient.close();
});
