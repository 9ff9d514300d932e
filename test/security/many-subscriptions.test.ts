import { join } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { expect, it, onTestFinished } from 'vitest';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import type { StreamLimits } from '../../limits/stream-limits.js';
import { systemClock } from '../../values/clock.js';
import { bearer, openTestAuthenticator } from '../support/guarded-gateway.js';
import { RawSocket } from '../support/stream-clients.js';
import { NeverEnding, startStreamServer, streamSchema } from '../support/stream-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** A server with low limits, and the keys of two principals. */
async function startLimited(schema: GraphQLSchema, limits: Partial<StreamLimits>) {
  const folder = temporaryFolder();
  const rights = { groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
  const newKey = (name: string) => createKey(join(folder, 'api-keys.json'), { name, ...rights });
  const [greedy, other] = [await newKey('greedy'), await newKey('other')];
  const authenticator = await openTestAuthenticator(folder, { apiKeys: null });
  onTestFinished(() => authenticator.close());
  const server = await startStreamServer(schema, { authenticator, limits });
  onTestFinished(() => server.close());
  return { server, greedy, other };
}

it('subscriptions of one principal over many connections are limited, and those of another are not', async () => {
  const source = new NeverEnding();
  const schema = streamSchema('type Query { a: Int } type Subscription { never: Int }', { never: source.subscribe });
  const { server, greedy, other } = await startLimited(schema, { maxSubscriptionsOfPrincipal: 2 });
  const follow = (key: string, signal?: AbortSignal): Promise<Response> =>
    fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...bearer(key) },
      body: '{"query":"subscription { never }"}',
      signal: signal ?? null,
    });
  const end = new AbortController();
  await follow(greedy.key, end.signal);
  await follow(greedy.key);
  await until(() => source.waiting === 2);
  expect(await (await follow(greedy.key)).text()).toContain('TOO_MANY_SUBSCRIPTIONS');
  await follow(other.key);
  await until(() => source.waiting === 3);
  end.abort();
  await until(() => source.waiting === 2);
  await follow(greedy.key);
  await until(() => source.waiting === 3);
});

it('WebSockets of one principal are limited, also without subscriptions, and those of another are not', async () => {
  const schema = streamSchema('type Query { a: Int } type Subscription { b: Int }', {});
  const { server, greedy, other } = await startLimited(schema, { maxSocketsOfPrincipal: 2 });
  const inHeader = async (key: string): Promise<RawSocket> => {
    const raw = await RawSocket.open(server.url, 'graphql-transport-ws', { headers: bearer(key) });
    raw.send({ type: 'connection_init' });
    return raw;
  };
  const inInit = async (key: string): Promise<RawSocket> => {
    const raw = await RawSocket.open(server.url);
    raw.send({ type: 'connection_init', payload: bearer(key) });
    return raw;
  };
  const isOpen = (raw: RawSocket) => until(() => raw.messages.some(({ type }) => type === 'connection_ack'));
  const sockets: RawSocket[] = [];
  onTestFinished(() => sockets.forEach(({ socket }) => socket.terminate()));
  for (const open of [inHeader, inInit]) {
    const raw = await open(greedy.key);
    sockets.push(raw);
    await isOpen(raw);
  }
  for (const open of [inHeader, inInit]) {
    const refused = await open(greedy.key);
    const { code, reason } = await refused.closed;
    expect([code, reason]).toEqual([1013, 'You may have 2 WebSockets at a time. Close one first.']);
    expect(refused.messages).toEqual([]);
  }
  const ofOther = await inInit(other.key);
  sockets.push(ofOther);
  await isOpen(ofOther);
  // A socket that changes its principal frees the place of the one before.
  const changed = await RawSocket.open(server.url, 'graphql-transport-ws', { headers: bearer(other.key) });
  sockets[0]!.socket.close();
  await sockets[0]!.closed;
  changed.send({ type: 'connection_init', payload: bearer(greedy.key) });
  sockets.push(changed);
  await isOpen(changed);
  const again = await inHeader(other.key);
  sockets.push(again);
  await isOpen(again);
});
