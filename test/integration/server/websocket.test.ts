import { WebSocket, type ClientOptions } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { RawSocket } from '../../support/stream-clients.js';
import {
  NeverEnding,
  startStreamServer,
  streamSchema,
  type StreamServer,
  type StreamServerOptions,
} from '../../support/stream-server.js';
import { until } from '../../support/until.js';

const source = new NeverEnding();
const schema = streamSchema('type Query { one: Int } type Subscription { never: Int }', {
  never: source.subscribe,
});

let server: StreamServer;
const serve = async (options: StreamServerOptions = {}) => {
  server = await startStreamServer(schema, options);
  return server.url;
};
afterEach(() => server.close());

const INIT = { type: 'connection_init' };
const subscribe = (id: string) => ({ id, type: 'subscribe', payload: { query: 'subscription { never }' } });
const ready = async (url: string, options: ClientOptions = {}) => {
  const raw = await RawSocket.open(url, 'graphql-transport-ws', options);
  raw.send(INIT);
  await until(() => raw.messages.length === 1);
  return raw;
};

describe('a socket is closed with the code of the protocol', () => {
  it('4408 when it says nothing', async () => {
    const raw = await RawSocket.open(await serve({ limits: { connectionInitTimeoutMs: 30 } }));
    expect(await raw.closed).toMatchObject({ code: 4408 });
  });

  it.each([
    [4429, 'when it begins twice', [INIT, INIT]],
    [4401, 'when it subscribes before it has begun', [subscribe('1')]],
    [4400, 'when it sends no JSON', ['{']],
    [4400, 'when it sends no message of the protocol', [{ type: 'hello' }]],
    [4500, 'when it sends what only a server may', [INIT, { type: 'next', id: '1', payload: {} }]],
  ])('%s %s', async (code, _when, messages) => {
    const raw = await RawSocket.open(await serve());
    raw.send(...messages);
    expect(await raw.closed).toMatchObject({ code });
  });

  it('4409 when an id is in use', async () => {
    const raw = await ready(await serve());
    raw.send(subscribe('1'), subscribe('1'));
    expect(await raw.closed).toMatchObject({ code: 4409 });
    await until(() => source.waiting === 0);
  });

  it('4406 when it speaks another protocol', async () => {
    const raw = await RawSocket.open(await serve(), 'graphql-ws');
    expect(await raw.closed).toMatchObject({ code: 4406 });
  });

  it('1009 when a message is too large', async () => {
    const raw = await RawSocket.open(await serve());
    raw.send('x'.repeat(100_001));
    expect(await raw.closed).toMatchObject({ code: 1009 });
  });
});

it('answers pings', async () => {
  const raw = await ready(await serve());
  raw.send({ type: 'ping' });
  await until(() => raw.messages.some(({ type }) => type === 'pong'));
  raw.socket.terminate();
});

it('a socket has so many subscriptions at a time and no more', async () => {
  const raw = await ready(await serve({ limits: { maxSubscriptions: 2 } }));
  raw.send(subscribe('1'), subscribe('2'), subscribe('3'));
  await until(() => raw.messages.length === 2);
  expect(raw.messages[1]).toMatchObject({
    id: '3',
    type: 'error',
    payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS', retryable: true } }],
  });
  await until(() => source.waiting === 2);
  raw.send({ id: '1', type: 'complete' });
  await until(() => source.waiting === 1);
  raw.send(subscribe('4'));
  await until(() => source.waiting === 2);
  raw.socket.terminate();
  await until(() => source.waiting === 0);
});

it('a socket that goes silent is cut off', async () => {
  const raw = await ready(await serve({ limits: { keepAliveMs: 30 } }), { autoPong: false });
  raw.send(subscribe('1'));
  expect(await raw.closed).toMatchObject({ code: 1006 });
  await until(() => source.waiting === 0);
});

it('a client that sends and never reads is cut off before its answers fill the memory', async () => {
  const raw = await ready(await serve({ limits: { maxBufferedBytes: 10_000, keepAliveMs: 600_000 } }));
  raw.socket.pause();
  const ping = { type: 'ping', payload: { text: 'x'.repeat(50_000) } };
  // More than any buffers of the system hold.
  for (let sent = 0; sent < 2000 && raw.socket.readyState === WebSocket.OPEN; sent += 1) {
    raw.send(ping);
    await new Promise((resolve) => setImmediate(resolve));
  }
  raw.socket.resume();
  expect(await raw.closed).toMatchObject({ code: 1006 });
});

describe('where a socket may come from', () => {
  const upgrade = (url: string, origin?: string) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
        ...(origin ? { origin } : {}),
      });
      socket.on('open', () => {
        resolve('open');
        socket.terminate();
      });
      socket.on('error', ({ message }) => resolve(message));
    });

  it('programs, the own page and configured origins; no other page', async () => {
    const url = await serve({ corsOrigins: ['https://app.example.com'] });
    expect(await upgrade(url)).toBe('open');
    expect(await upgrade(url, new URL(url).origin)).toBe('open');
    expect(await upgrade(url, 'https://app.example.com')).toBe('open');
    expect(await upgrade(url, 'https://evil.example.com')).toContain('403');
    expect(await upgrade(url, 'null')).toContain('403');
  });

  it('to /graphql only', async () => {
    expect(await upgrade((await serve()).replace('/graphql', '/other'))).toContain('404');
  });
});

it('when the gateway stops, sockets are told to go elsewhere, and no new one is taken', async () => {
  const raw = await ready(await serve());
  raw.send(subscribe('1'));
  await until(() => source.waiting === 1);
  server.http.endStreams();
  expect(await raw.closed).toEqual({ code: 1001, reason: 'Going away' });
  await until(() => source.waiting === 0);
  await expect(RawSocket.open(server.url)).rejects.toThrow('503');
});
