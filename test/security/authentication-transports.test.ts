import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient, type Client } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Authenticator } from '../../auth/authenticator.js';
import { createKey, revokeKeys } from '../../auth/api-keys/manage-keys.js';
import type { RequestContext } from '../../resolvers/context.js';
import { systemClock } from '../../values/clock.js';
import { bearer, openTestAuthenticator } from '../support/guarded-gateway.js';
import { RawSocket } from '../support/stream-clients.js';
import { NeverEnding, startStreamServer, streamSchema, type StreamServer } from '../support/stream-server.js';
import { AUDIENCE, newSigningKey, startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { until } from '../support/until.js';

const source = new NeverEnding();
const schema = streamSchema('type Query { who: String } type Subscription { who: String, never: Int }', {
  never: source.subscribe,
  who: async function* (_root, _args, { principal }) {
    yield principal.name;
  },
});
schema.getQueryType()!.getFields().who!.resolve = (_root, _args, { principal }: RequestContext) => principal.name;

let folder: string;
let issuer: TokenIssuer;
let authenticator: Authenticator;
let server: StreamServer;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-transports-'));
  issuer = await startTokenIssuer('ES256');
  authenticator = await openTestAuthenticator(folder, {
    identityProviders: [
      // Without skew, a token that ends in a second ends a stream in a second.
      { issuer: issuer.issuer, audiences: [AUDIENCE], clockSkewSeconds: 0 },
    ],
    apiKeys: null,
  });
  server = await startStreamServer(schema, { authenticator });
  port = Number(new URL(server.url).port);
});
afterAll(async () => {
  await server.close();
  authenticator.close();
  await issuer.close();
  await rm(folder, { recursive: true });
});

const keyFile = (): string => join(folder, 'api-keys.json');
const newKey = (name: string) =>
  createKey(keyFile(), { name, groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() });
const sse = (token: string) => createSseClient({ url: server.url, headers: bearer(token), retryAttempts: 0 });
const subscribe = (field: string) => ({ id: '1', type: 'subscribe', payload: { query: `subscription { ${field} }` } });

async function firstOf(client: Pick<Client, 'iterate'>, query: string): Promise<any> {
  for await (const result of client.iterate({ query })) return result;
  return undefined;
}

async function overHttp(token: string): Promise<any> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify({ query: '{ who }' }),
  });
  return ((await response.json()) as any).data?.who;
}

describe('every transport builds the same principal', () => {
  it('from a token', async () => {
    const token = await issuer.sign('alice');
    const ws = (options: object) =>
      createWsClient({ url: server.url.replace('http', 'ws'), retryAttempts: 0, webSocketImpl: WebSocket, ...options });
    const inParameters = ws({ connectionParams: { Authorization: `Bearer ${token}` } });
    const inHeaders = ws({
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocol: string) {
          super(url, protocol, { headers: bearer(token) });
        }
      },
    });
    const query = 'subscription { who }';
    expect(await overHttp(token)).toBe('user:alice');
    expect((await firstOf(inParameters, query)).data.who).toBe('user:alice');
    expect((await firstOf(inHeaders, query)).data.who).toBe('user:alice');
    expect((await firstOf(sse(token) as never, query)).data.who).toBe('user:alice');
    await inParameters.dispose();
    await inHeaders.dispose();
  });

  it('from connection_init, when the request that opened the socket had another token', async () => {
    const raw = await RawSocket.open(server.url, 'graphql-transport-ws', {
      headers: bearer(await issuer.sign('first')),
    });
    raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${await issuer.sign('second')}` } });
    await until(() => raw.messages.length === 1);
    raw.send(subscribe('who'));
    await until(() => raw.messages.length === 3);
    expect(raw.messages[1].payload.data.who).toBe('user:second');
    raw.socket.close();
  });
});

describe('a WebSocket', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['says nothing of who it is', async () => undefined],
    ['has an expired token', async () => ({ authorization: `Bearer ${await issuer.sign('a', { expiresIn: -1 })}` })],
    [
      'has a token of another key',
      async () => ({
        authorization: `Bearer ${await issuer.sign('a', { key: await newSigningKey('ES256', issuer.key.kid) })}`,
      }),
    ],
    ['has a token in an object', async () => ({ authorization: { token: 'x' } })],
    ['has two tokens', async () => ({ authorization: 'Bearer a', Authorization: 'Bearer b' })],
  ])('is closed with 4401 at connection_init when it %s', async (_when, payload) => {
    const raw = await RawSocket.open(server.url);
    const parameters = await payload();
    raw.send({ type: 'connection_init', ...(parameters ? { payload: parameters } : {}) });
    const { code, reason } = await raw.closed;
    expect(code).toBe(4401);
    expect(reason).not.toBe('');
    expect(raw.messages).toEqual([]);
  });

  it('is not opened with a wrong token in its headers', async () => {
    const request = httpRequest({
      port,
      path: '/graphql',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...bearer('wrong'),
      },
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toMatch(/^Bearer realm="featuregraph", error="invalid_token"/);
    request.destroy();
  });

  it('does not become another by a wrong token in connection_init', async () => {
    const raw = await RawSocket.open(server.url, 'graphql-transport-ws', {
      headers: bearer(await issuer.sign('alice')),
    });
    raw.send({ type: 'connection_init', payload: { authorization: 'Bearer wrong' } });
    expect(await raw.closed).toMatchObject({ code: 4401 });
  });

  it('is closed with 4403 when the token expires, and says so', async () => {
    const raw = await RawSocket.open(server.url);
    raw.send({
      type: 'connection_init',
      payload: { authorization: `Bearer ${await issuer.sign('a', { expiresIn: 2 })}` },
    });
    await until(() => raw.messages.length === 1);
    raw.send(subscribe('never'));
    expect(await raw.closed).toEqual({
      code: 4403,
      reason: 'The credentials have expired. Get new ones, and connect again.',
    });
    await until(() => source.waiting === 0);
  });

  it('goes on with a new token after the expiry, by a client of graphql-ws', async () => {
    const tokens: string[] = [];
    const client = createWsClient({
      url: server.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 3,
      retryWait: async () => undefined,
      connectionParams: async () => {
        const token = await issuer.sign('alice', { expiresIn: tokens.length === 0 ? 2 : 600 });
        tokens.push(token);
        return bearer(token);
      },
    });
    const end = client.subscribe(
      { query: 'subscription { never }' },
      { next: () => undefined, error: () => undefined, complete: () => undefined },
    );
    await until(() => tokens.length === 2);
    end();
    await client.dispose();
    await until(() => source.waiting === 0);
  });

  it('is closed with 4403 when its API key is revoked', async () => {
    const { key, id } = await newKey('socket');
    await until(async () => (await overHttp(key)) === 'key:socket');
    const raw = await RawSocket.open(server.url);
    raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } });
    await until(() => raw.messages.length === 1);
    await revokeKeys(keyFile(), id, systemClock());
    expect(await raw.closed).toEqual({ code: 4403, reason: 'The credentials were revoked.' });
  });
});

describe('an event stream', () => {
  it('is refused without credentials', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { who }' }),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="featuregraph"');
    expect(((await response.json()) as any).errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  it('ends with UNAUTHENTICATED when the token expires', async () => {
    const results: any[] = [];
    const client = sse(await issuer.sign('a', { expiresIn: 2 }));
    for await (const result of client.iterate({ query: 'subscription { never }' })) results.push(result);
    expect(results).toMatchObject([{ errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'EXPIRED' } }] }]);
    await until(() => source.waiting === 0);
  });

  it('ends when its API key is revoked', async () => {
    const { key } = await newKey('stream');
    await until(async () => (await overHttp(key)) === 'key:stream');
    const results: any[] = [];
    const followed = (async () => {
      for await (const result of sse(key).iterate({ query: 'subscription { never }' })) results.push(result);
    })();
    await until(() => source.waiting === 1);
    await revokeKeys(keyFile(), 'stream', systemClock());
    await followed;
    expect(results).toMatchObject([{ errors: [{ message: 'The credentials were revoked.' }] }]);
  });
});
