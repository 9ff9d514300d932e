import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const EXAMPLES = { registry: 'shop', queries: [{ name: 'a', query: '{ __typename }' }] };

let gateway: TestGateway;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-page-'));
  mkdirSync(join(folder, 'page/assets'), { recursive: true });
  writeFileSync(join(folder, 'page/index.html'), '<p>page</p>');
  writeFileSync(join(folder, 'page/assets/a-1.js'), '1');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  gateway = await startTestGateway(smallRegistry(), {
    http: {
      maxBodyBytes: 2000,
      corsOrigins: ['https://app.example.com'],
      page: { folder: join(folder, 'page'), examples: async () => EXAMPLES },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

const QUERY = JSON.stringify({ query: '{ __typename }' });
const JSON_TYPE = { 'content-type': 'application/json' };
const at = (path: string) => new URL(path, gateway.url);

describe('requests that are no GraphQL request are refused with a code', () => {
  it.each([
    ['text/plain', { headers: { 'content-type': 'text/plain' }, body: QUERY }, 415, 'BAD_REQUEST'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: QUERY }, 415, 'BAD_REQUEST'],
    ['no content type', { headers: {}, body: Buffer.from(QUERY) }, 415, 'BAD_REQUEST'],
    [
      'another charset',
      { headers: { 'content-type': 'application/json; charset=utf-16' }, body: QUERY },
      415,
      'BAD_REQUEST',
    ],
    ['a compressed body', { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: QUERY }, 415, 'BAD_REQUEST'],
    ['no JSON', { headers: JSON_TYPE, body: '{' }, 400, 'BAD_REQUEST'],
    ['a batch', { headers: JSON_TYPE, body: `[${QUERY}]` }, 400, 'BAD_REQUEST'],
    ['no query', { headers: JSON_TYPE, body: '{}' }, 400, 'BAD_REQUEST'],
    [
      'a body over the limit',
      { headers: JSON_TYPE, body: JSON.stringify({ query: ' '.repeat(3000) }) },
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'an Accept of something else',
      { headers: { ...JSON_TYPE, accept: 'image/png' }, body: QUERY },
      406,
      'BAD_REQUEST',
    ],
  ])('%s', async (_title, init, status, code) => {
    const response = await fetch(gateway.url, { method: 'POST', ...init });
    const body = (await response.json()) as { errors: { message: string; extensions: Record<string, unknown> }[] };
    expect([response.status, body.errors[0]!.extensions.code]).toEqual([status, code]);
    expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/);
    expect(JSON.stringify(body)).not.toMatch(/node_modules|"stack"|\\n +at /);
  });

  it('PUT', async () => {
    const response = await fetch(gateway.url, { method: 'PUT' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
  });

  it('another path', async () => {
    const response = await fetch(at('/admin'));
    expect([response.status, ((await response.json()) as any).errors[0].extensions.code]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('a query by GET', () => {
  const get = (headers: Record<string, string>, query = '{ __typename }') =>
    fetch(`${gateway.url}?query=${encodeURIComponent(query)}`, { headers });

  it('is answered when a browser could not have been tricked into sending it', async () => {
    expect((await get({})).status).toBe(400);
    const response = await get({ 'apollo-require-preflight': 'yes' });
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('request ids', () => {
  const idFor = async (given?: string) =>
    (
      await fetch(gateway.url, {
        method: 'POST',
        body: QUERY,
        headers: { ...JSON_TYPE, ...(given ? { 'x-request-id': given } : {}) },
      })
    ).headers.get('x-request-id');

  it('are taken from the caller when they are harmless, and made otherwise', async () => {
    expect(await idFor('trace-1.2_3=')).toBe('trace-1.2_3=');
    for (const harmful of ['x'.repeat(129), 'a b', '<script>', '"']) {
      expect(await idFor(harmful)).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect(await idFor()).not.toBe(await idFor());
  });
});

describe('other origins', () => {
  const preflight = (origin: string) =>
    fetch(gateway.url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });

  it('may call only when they are configured', async () => {
    const allowed = await preflight('https://app.example.com');
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(allowed.headers.get('access-control-allow-methods')).toBe('GET, POST');
    const other = await preflight('https://evil.example.com');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the page', () => {
  it('is given to browsers, with a strict policy and nothing inline', async () => {
    const response = await fetch(gateway.url, { headers: { accept: 'text/html,*/*' } });
    expect([response.status, await response.text()]).toEqual([200, '<p>page</p>']);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(await (await fetch(at('/console/examples.json'))).json()).toEqual(EXAMPLES);
  });

  it('has assets that browsers keep', async () => {
    const response = await fetch(at('/console/assets/a-1.js'));
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('cache-control')).toContain('immutable');
  });

  it.each([
    '/console/../secret.txt',
    '/console/..%2fsecret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/%',
    '/console/',
    '/console/assets',
  ])('gives no file outside of it: %s', async (path) => {
    expect(await rawGet(path)).toMatch(/^HTTP\/1.1 404/);
  });
});

/** fetch tidies paths up before it sends them; an attacker does not. */
async function rawGet(path: string): Promise<string> {
  const { port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

it('health: alive and ready', async () => {
  expect(await (await fetch(at('/healthz'))).json()).toEqual({ status: 'ok' });
  expect(await (await fetch(at('/readyz'))).json()).toEqual({ status: 'ready' });
});

it('the root leads to the API', async () => {
  const response = await fetch(at('/'), { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([302, '/graphql']);
});

describe('closed introspection', () => {
  it('hides the schema, also from error messages', async () => {
    const closed = await startTestGateway(smallRegistry(), { isIntrospectionAllowed: false });
    const schema = await closed.ask('{ __schema { types { name } } }');
    expect([schema.status, schema.errors![0]!.extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(schema.errors![0]!.message).toMatch(/^This gateway does not tell its schema/);
    const typo = await closed.ask('{ shop { customer(entityId: "x") { orders7 } } }');
    expect(typo.errors![0]!.message).not.toMatch(/orders7d|Did you mean/);
    await closed.close();
  });
});
