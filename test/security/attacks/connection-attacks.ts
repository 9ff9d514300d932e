import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import { RawSocket } from '../../support/stream-clients.js';
import { startStreamServer, streamSchema } from '../../support/stream-server.js';
import { until } from '../../support/until.js';
import { cell, expectRefusal, times, type Attack, type Cell } from './attack.js';
import type { Attacked } from './attacked-gateway.js';

const INSIDE = "SELECT * FROM t WHERE password = 'hunter2' at /srv/data/offline.duckdb";

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Fields and sources that fail in each way there is, behind the real transports. */
const insideStaysInside: Cell = cell('masked as INTERNAL_SERVER_ERROR', async (_gateway, transport) => {
  const thrown = (): never => {
    throw new Error(INSIDE);
  };
  async function* breaking(): AsyncGenerator<{ broken: string }> {
    yield { broken: 'first' };
    throw new Error(INSIDE);
  }
  const schema = streamSchema(
    'type Query { thrown: Int rejected: Int } type Subscription { thrown: Int broken: String }',
    {
      thrown,
      broken: breaking,
    },
  );
  Object.assign(schema.getQueryType()!.getFields().thrown!, { resolve: thrown });
  Object.assign(schema.getQueryType()!.getFields().rejected!, { resolve: () => Promise.reject(new Error(INSIDE)) });
  const server = await startStreamServer(schema);
  try {
    const fields =
      transport === 'http' ? ['{ thrown }', '{ rejected }'] : ['subscription { thrown }', 'subscription { broken }'];
    for (const query of fields) {
      const text = await textOf(server.url, transport, query);
      expect(text).toContain('INTERNAL_SERVER_ERROR');
      expect(text).not.toMatch(/SELECT|hunter2|srv|stack|\.ts:/);
    }
  } finally {
    await server.close();
  }
});

/** All that a client gets to see of one operation, to its end: also the reason with which a socket closes. */
async function textOf(url: string, transport: string, query: string): Promise<string> {
  if (transport !== 'webSocket') {
    const accept = transport === 'eventStream' ? 'text/event-stream' : 'application/json';
    const headers = { 'content-type': 'application/json', accept };
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })).text();
  }
  const socket = await RawSocket.open(url);
  socket.send({ type: 'connection_init' });
  await until(() => socket.messages.length === 1);
  socket.send({ id: '1', type: 'subscribe', payload: { query } });
  await until(() => socket.messages.some(({ type, payload }) => type === 'error' || payload?.errors));
  socket.socket.close(1000);
  return JSON.stringify([socket.messages, await socket.closed]);
}

/** Requests whose answers are not read: another principal is answered meanwhile. */
const unreadAnswers: Cell = cell('another is answered', async ({ shop }) => {
  const ids = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => `acme:${index}`));
  const query = `{ entities(featurestore: "shop", entityType: "customer", entityIds: ${ids}) { features { name status value } } }`;
  const body = JSON.stringify({ query });
  const { authorization } = shop.headersOf('acme');
  const head = `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\n`;
  const sockets = await Promise.all(Array.from({ length: 20 }, () => open(shop.url)));
  for (const socket of sockets)
    socket.pause().write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  for (let count = 0; count < 10; count += 1) {
    const { status, data } = await shop.ask('ann', '{ shop { customer(entityId: "acme:1") { city } } }');
    expect([status, data]).toEqual([200, { shop: { customer: { city: 'Bern' } } }]);
  }
  for (const socket of sockets) socket.destroy();
});

const silentRequest =
  (head: string): Cell['run'] =>
  async ({ raw }) => {
    expect(await raw(head)).toMatch(/^HTTP\/1\.1 408 /);
  };

const manyOperations = async (gateway: Attacked): Promise<void> => {
  const query = times(1000, (index) => `subscription S${index} { jobProgress(id: "${gateway.job}") { state } }`);
  expectRefusal(await gateway.send('http', 'bob', { query: query.slice(0, 30_000) }), 'GRAPHQL_PARSE_FAILED');
  const one = `subscription { jobProgress(id: "${gateway.job}") { state } }`;
  expectRefusal(await gateway.send('http', 'bob', { query: one }), 'WRONG_TRANSPORT');
};

const manySubscriptions = async ({ shop }: Attacked): Promise<void> => {
  const socket = await RawSocket.open(shop.url);
  socket.send({ type: 'connection_init', payload: shop.headersOf('ann') });
  await until(() => socket.messages.length === 1);
  const query =
    'subscription { featureValues(featurestore: "shop", entityType: "customer", entityIds: ["acme:1"]) { entities { entityId } } }';
  for (let id = 0; id < 1000; id += 1) socket.send({ id: String(id), type: 'subscribe', payload: { query } });
  await until(() => socket.messages.length >= 1001);
  const ofType = (wanted: string) => socket.messages.filter(({ type }) => type === wanted);
  expect([ofType('next').length, ofType('error').length]).toEqual([100, 900]);
  expect(JSON.stringify(ofType('error')[0])).toContain('TOO_MANY_SUBSCRIPTIONS');
  socket.socket.terminate();
};

export const CONNECTION_ATTACKS: readonly Attack[] = [
  {
    name: 'errors of the inside',
    http: insideStaysInside,
    webSocket: insideStaysInside,
    eventStream: insideStaysInside,
  },
  {
    name: 'a connection that sends no request',
    http: cell('closed with 408 after 10 s', silentRequest('POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\n')),
    webSocket: cell('closed with 4408 after 3 s', async ({ shop }) => {
      const socket = await RawSocket.open(shop.url);
      expect((await socket.closed).code).toBe(4408);
    }),
    eventStream: {
      outcome: 'closed with 408 after 20 s',
      file: 'test/integration/server/arrival.test.ts',
      test: 'is answered with 408, and its connection is closed: a body %s',
    },
  },
  {
    name: '1,000 subscriptions of one connection',
    http: cell('refused with WRONG_TRANSPORT', manyOperations),
    webSocket: cell('refused with TOO_MANY_SUBSCRIPTIONS after 100', manySubscriptions),
    eventStream: {
      outcome: 'refused with TOO_MANY_SUBSCRIPTIONS',
      file: 'test/security/many-subscriptions.test.ts',
      test: 'subscriptions of one principal over many connections are limited, and those of another are not',
    },
  },
  {
    name: 'a reader that does not read',
    http: unreadAnswers,
    webSocket: {
      outcome: 'holds up its own source only',
      file: 'test/integration/server/slow-readers.test.ts',
      test: 'over WebSocket holds up its source, and goes on when it reads',
    },
    eventStream: {
      outcome: 'holds up its own source only',
      file: 'test/integration/server/slow-readers.test.ts',
      test: 'over server-sent events holds up its source, and goes on when it reads',
    },
  },
];
