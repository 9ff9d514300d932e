import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import { systemClock } from '../../values/clock.js';
import { bearer, openTestAuthenticator } from '../support/guarded-gateway.js';
import { NeverEnding, startStreamServer, streamSchema } from '../support/stream-server.js';
import { until } from '../support/until.js';

it('subscriptions of one principal over many connections are limited, and those of another are not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-many-'));
  const rights = { groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
  const newKey = (name: string) => createKey(join(folder, 'api-keys.json'), { name, ...rights });
  const [greedy, other] = [await newKey('greedy'), await newKey('other')];
  const authenticator = await openTestAuthenticator(folder, { apiKeys: null });
  const source = new NeverEnding();
  const schema = streamSchema('type Query { a: Int } type Subscription { never: Int }', { never: source.subscribe });
  const server = await startStreamServer(schema, { authenticator, limits: { maxSubscriptionsOfPrincipal: 2 } });
  const follow = (key: string, signal?: AbortSignal): Promise<Response> =>
    fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...bearer(key) },
      body: '{"query":"subscription { never }"}',
      signal: signal ?? null,
    });
  const end = new AbortController();
  try {
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
  } finally {
    await server.close();
    authenticator.close();
    await rm(folder, { recursive: true });
  }
});
