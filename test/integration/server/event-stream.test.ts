import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.js';
import { eventStreamClient } from '../../support/stream-clients.js';
import { NeverEnding, startStreamServer, streamSchema, type StreamServer } from '../../support/stream-server.js';

const source = new NeverEnding();
const schema = streamSchema('type Query { one: Int } type Subscription { one: Int, never: Int }', {
  one: async function* () {
    yield 1;
  },
  never: source.subscribe,
});

let server: StreamServer;
beforeAll(async () => {
  server = await startStreamServer(schema, {
    corsOrigins: ['https://app.example.com'],
    limits: { keepAliveMs: 20 },
  });
});
afterAll(() => server.close());

const ask = (query: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query }),
    ...init,
  });

it('an answer is a stream of events that no cache and no proxy keeps', async () => {
  const response = await ask('subscription { one }', { origin: 'https://app.example.com', 'x-request-id': 'abc' });
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-request-id': 'abc',
    'access-control-allow-origin': 'https://app.example.com',
  });
  expect(await response.text()).toBe(':\n\nevent: next\ndata: {"data":{"one":1}}\n\nevent: complete\ndata:\n\n');
});

it('errors of the operation are events, and carry the id of the request', async () => {
  const response = await ask('{ one }', { 'x-request-id': 'abc' });
  expect(response.status).toBe(200);
  expect(await response.text()).toMatch(
    /event: next\ndata: \{"errors":.*"requestId":"abc".*event: complete\ndata:\n\n$/s,
  );
});

it.each([
  ['no JSON', { body: '{' }, 400, 'BAD_REQUEST'],
  ['no query', { body: '{}' }, 400, 'BAD_REQUEST'],
  ['variables that are no object', { body: '{"query": "{ one }", "variables": [1]}' }, 400, 'BAD_REQUEST'],
  ['a form', { headers: { 'content-type': 'text/plain', accept: 'text/event-stream' } }, 415, 'BAD_REQUEST'],
  ['a body over the limit', { body: JSON.stringify({ query: ' '.repeat(100_001) }) }, 413, 'PAYLOAD_TOO_LARGE'],
  ['GET', { method: 'GET', body: null }, 405, 'METHOD_NOT_ALLOWED'],
])('what is no request for events is refused by its status: %s', async (_what, init: RequestInit, status, code) => {
  const response = await ask('', {}, init);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
});

it('a client that only lists the type, as some do with every query, gets one answer', async () => {
  const accept = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed';
  const response = await ask('{ one }', { accept });
  expect(await response.json()).toEqual({ data: { one: null } });
});

it('a stream without events shows signs of life', async () => {
  const abort = new AbortController();
  const response = await ask('subscription { never }', {}, { signal: abort.signal });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.length >= 12) break;
  }
  expect(text).toMatch(/^(:\n\n)+$/);
  abort.abort();
  await until(() => source.waiting === 0);
});

it('a client that goes leaves nothing behind', async () => {
  const client = eventStreamClient(server.url);
  void client.follow({ query: 'subscription { never }' });
  await until(() => source.waiting === 1);
  client.close();
  await until(() => source.waiting === 0);
});

it('when the gateway stops, a stream ends without "complete", so that its client connects again; no new one is taken', async () => {
  const response = await ask('subscription { never }');
  await until(() => source.waiting === 1);
  server.http.endStreams();
  expect(await response.text()).not.toContain('complete');
  await until(() => source.waiting === 0);
  const refused = await ask('subscription { one }');
  expect([refused.status, await refused.json()]).toMatchObject([
    503,
    { errors: [{ extensions: { code: 'SHUTTING_DOWN' } }] },
  ]);
});
