import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import { FailedAuthentications } from '../../auth/failed-authentications.js';
import { systemClock } from '../../values/clock.js';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { bearer, openTestAuthenticator, startGuardedGateway, type GuardedGateway } from '../support/guarded-gateway.js';
import { RawSocket } from '../support/stream-clients.js';
import { AUDIENCE, startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { until } from '../support/until.js';

const WHO = '{ viewer { name } }';
const EVENTS = { 'content-type': 'application/json', accept: 'text/event-stream' };

let folder: string;
let issuer: TokenIssuer;
let guarded: GuardedGateway;
let close: () => void;
let key: string;
/** Times of refusals, as the audit log gets them. */
let refused: [string, string][];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-failed-'));
  issuer = await startTokenIssuer();
  const request = { name: 'a', groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
  ({ key } = await createKey(join(folder, 'keys.json'), request));
  const document = {
    apiKeys: { file: join(folder, 'keys.json') },
    identityProviders: [{ issuer: issuer.issuer, audiences: [AUDIENCE] }],
    trustedProxies: ['127.0.0.1'],
  };
  refused = [];
  const authenticator = await openTestAuthenticator(folder, document);
  const auditLog = { recordRefusal: (address: string, reason: string) => void refused.push([address, reason]) };
  const failures = new FailedAuthentications({ authenticator, auditLog, maxPerMinute: 3 });
  guarded = await startGuardedGateway(document, { gateway: { http: { authenticator, failures } } });
  close = () => authenticator.close();
});
afterEach(async () => {
  await guarded.close();
  close();
  await issuer.close();
  await rm(folder, { recursive: true });
});

const from = (address: string, token: string) => ({ ...bearer(token), 'x-forwarded-for': address });
const status = async (address: string, token: string) => (await guarded.ask(WHO, from(address, token))).status;
const fail = async (address: string, times: number) => {
  const seen = [];
  for (let count = 0; count < times; count += 1)
    seen.push(await status(address, await issuer.sign('x', { audience: 'other' })));
  return seen;
};

describe('an address with too many wrong credentials', () => {
  it('is refused with 429 for the rest of the minute, and another address is not', async () => {
    expect(await fail('9.9.9.9', 5)).toEqual([401, 401, 401, 429, 429]);
    const right = await issuer.sign('x');
    const answer = await guarded.ask(WHO, from('9.9.9.9', right));
    expect([answer.status, answer.errors![0]!.extensions.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await status('8.8.8.8', right)).toBe(200);
    // Now the token was accepted: others behind the same address can have it.
    expect(await status('9.9.9.9', right)).toBe(200);
  });

  it('is not helped by what it writes into X-Forwarded-For itself', async () => {
    await fail('9.9.9.9', 4);
    expect(await status('1.2.3.4, 9.9.9.9', await issuer.sign('x'))).toBe(429);
  });

  it('is answered with right API keys, whose check costs nothing, and not with wrong ones', async () => {
    await fail('9.9.9.9', 4);
    expect(await status('9.9.9.9', key)).toBe(200);
    expect(await status('9.9.9.9', `${key.slice(0, -4)}AAAA`)).toBe(429);
  });

  it('is refused as an event stream and as a WebSocket, in its headers and in connection_init', async () => {
    await fail('9.9.9.9', 4);
    const headers = from('9.9.9.9', await issuer.sign('x'));
    const body = JSON.stringify({ query: 'subscription { jobProgress(id: "jobs/x") { state } }' });
    const stream = await fetch(guarded.gateway.url, { method: 'POST', headers: { ...EVENTS, ...headers }, body });
    expect(stream.status).toBe(429);
    await expect(RawSocket.open(guarded.gateway.url, undefined, { headers })).rejects.toThrow(/429/);
    const socket = await RawSocket.open(guarded.gateway.url, undefined, { headers: { 'x-forwarded-for': '9.9.9.9' } });
    socket.send({ type: 'connection_init', payload: { authorization: headers.authorization } });
    expect(await socket.closed).toMatchObject({ code: 1013, reason: expect.stringContaining('Too many') });
  });

  it('is in the audit log with each refusal; requests without credentials are there and do not count', async () => {
    for (let count = 0; count < 6; count += 1) {
      expect((await guarded.ask(WHO, { 'x-forwarded-for': '7.7.7.7' })).status).toBe(401);
    }
    await fail('9.9.9.9', 4);
    await status('9.9.9.9', await issuer.sign('x', { expiresIn: -3600 }));
    expect(refused.slice(0, 6)).toEqual(new Array(6).fill(['7.7.7.7', 'NONE']));
    expect(refused.slice(6)).toEqual([
      ...new Array<unknown>(4).fill(['9.9.9.9', 'INVALID']),
      ['9.9.9.9', 'RATE_LIMITED'],
    ]);
  });
});

it('WebSockets that have not said who they are have a limited number of places for an address', async () => {
  const open = (address: string) =>
    RawSocket.open(guarded.gateway.url, undefined, { headers: { 'x-forwarded-for': address } });
  const waiting = await Promise.all(Array.from({ length: 100 }, () => open('9.9.9.9')));
  await expect(open('9.9.9.9')).rejects.toThrow(/503/);
  const other = await open('8.8.8.8');
  // One that says who it is frees its place, and so does one that leaves.
  waiting[0]!.send({ type: 'connection_init', payload: bearer(key) });
  await until(() => waiting[0]!.messages.length === 1);
  const next = await open('9.9.9.9');
  next.socket.terminate();
  await until(() =>
    open('9.9.9.9').then(
      () => true,
      () => false,
    ),
  );
  for (const socket of [...waiting, other]) socket.socket.terminate();
});
