import { afterAll, beforeAll, expect, it } from 'vitest';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { join } from 'node:path';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

let gateway: TestGateway;
const folder = mkdtempSync(join(tmpdir(), 'featuregraph-page-'));

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), '<title>page</title>');
  gateway = await startTestGateway(smallRegistry(), {
    http: { page: { folder, examples: async () => ({ registry: '', queries: [] }) } },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

const typeOf = (response: Response) => response.headers.get('content-type')?.split(';')[0];
const QUERY = '?query=%7B__typename%7D';

it.each([
  ['text/event-stream;q=0, application/json', 'application/json'],
  ['application/json;q=0.5, text/event-stream;q=0.1', 'application/json'],
  ['text/event-stream', 'text/event-stream'],
  ['application/json;q=0.1, text/event-stream', 'text/event-stream'],
])('a POST that accepts %s gets %s', async (accept, type) => {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: '{"query":"{ __typename }"}',
  });
  expect(typeOf(response)).toBe(type);
  await response.text();
});

it.each([
  ['text/html', 'text/html'],
  ['text/html;q=0, application/json', 'application/json'],
])('a GET that accepts %s gets %s', async (accept, type) => {
  const response = await fetch(gateway.url, { headers: { accept } });
  expect(typeOf(response)).toBe(type);
  await response.text();
});

it('a GET that refuses GraphQL by q=0 is no safe one', async () => {
  const accept = 'application/graphql-response+json;q=0, application/json';
  expect((await fetch(gateway.url + QUERY, { headers: { accept } })).status).toBe(400);
});

it.each([
  ['a query', QUERY, 'application/graphql-response+json', 200],
  ['the page', '', 'text/html', 200],
  ['health', '/../healthz', '*/*', 200],
  ['nothing', '/../nothing', '*/*', 404],
])('HEAD is answered as GET, without a body: %s', async (_what, path, accept, status) => {
  const [head, get] = await Promise.all(
    ['HEAD', 'GET'].map((method) => fetch(new URL(gateway.url + path), { method, headers: { accept } })),
  );
  expect([head!.status, get!.status]).toEqual([status, status]);
  for (const name of ['content-type', 'content-length']) expect(head!.headers.get(name)).toBe(get!.headers.get(name));
  expect(await head!.text()).toBe('');
  expect(await get!.text()).not.toBe('');
});

it('every answer says that browsers must not guess its type', async () => {
  const answers = await Promise.all([
    fetch(gateway.url, { method: 'OPTIONS' }),
    fetch(gateway.url, { method: 'DELETE' }),
    fetch(gateway.url, { headers: { accept: 'text/html' } }),
    fetch(gateway.url + QUERY, { headers: { 'apollo-require-preflight': 'yes' } }),
    fetch(gateway.url, { method: 'POST', body: 'x' }),
    ...['/healthz', '/readyz', '/nothing', '/console/nothing.js'].map((path) => fetch(new URL(path, gateway.url))),
  ]);
  for (const { headers } of answers) expect(headers.get('x-content-type-options')).toBe('nosniff');
  await Promise.all(answers.map((answer) => answer.text()));
});
