import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Authenticator } from '../../auth/authenticator.js';
import { createKey, revokeKeys } from '../../auth/api-keys/manage-keys.js';
import { systemClock } from '../../values/clock.js';
import { bearer, openTestAuthenticator } from '../support/guarded-gateway.js';
import { RawSocket } from '../support/stream-clients.js';
import { NeverEnding, startStreamServer, streamSchema, type StreamServer } from '../support/stream-server.js';
import { until } from '../support/until.js';

const source = new NeverEnding();
const asked: string[] = [];
const schema = streamSchema('type Query { a: Int } type Subscription { never(by: String): Int }', {
  never: (_root, { by }: { by?: string }) => {
    asked.push(by ?? '');
    return source.subscribe();
  },
});

let folder: string;
let authenticator: Authenticator;
let server: StreamServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-ended-'));
  authenticator = await openTestAuthenticator(folder, { apiKeys: null });
  server = await startStreamServer(schema, { authenticator });
});
afterAll(async () => {
  await server.close();
  authenticator.close();
  await rm(folder, { recursive: true });
});

const keyFile = (): string => join(folder, 'api-keys.json');

async function status(key: string): Promise<number> {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(key) },
    body: '{"query":"{ a }"}',
  });
  await response.arrayBuffer();
  return response.status;
}

async function newKey(name: string): Promise<string> {
  const request = { name, groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
  const { key } = await createKey(keyFile(), request);
  await until(async () => (await status(key)) === 200);
  return key;
}

it('an event stream whose key was revoked while its body arrived ends at once', async () => {
  const key = await newKey('slow');
  const body = '{"query":"subscription { never }"}';
  const request = httpRequest(server.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      accept: 'text/event-stream',
      ...bearer(key),
    },
  });
  // The gateway lets the request in by its head. This is the last byte but one of the body.
  request.write(body.slice(0, -1));
  const next = await newKey('next');
  await until(async () => (await status(next)) === 200);
  await revokeKeys(keyFile(), 'slow', systemClock());
  await until(async () => (await status(key)) === 401);
  const text = await new Promise<string>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let all = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (all += chunk));
      response.on('end', () => resolve(all));
    });
    request.end(body.slice(-1));
  });
  expect(text).toContain('The credentials were revoked.');
  await until(() => source.waiting === 0);
});

it('a WebSocket that does not answer the end of its credentials can ask nothing more', async () => {
  const key = await newKey('deaf');
  const raw = await RawSocket.open(server.url);
  raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } });
  await until(() => raw.messages.length === 1);
  // A client that does not read does not see the closing frame either, and still sends.
  raw.socket.pause();
  await revokeKeys(keyFile(), 'deaf', systemClock());
  await until(async () => (await status(key)) === 401);
  raw.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { never(by: "deaf") }' } });
  // What another socket sends later is answered later.
  const other = await RawSocket.open(server.url);
  other.send({ type: 'connection_init', payload: { authorization: `Bearer ${await newKey('heard')}` } });
  await until(() => other.messages.length === 1);
  other.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { never(by: "heard") }' } });
  await until(() => asked.includes('heard'));
  expect(asked).not.toContain('deaf');
  raw.socket.terminate();
  other.socket.terminate();
  await until(() => source.waiting === 0);
});
