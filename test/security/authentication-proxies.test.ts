import { request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import { readAuthenticationFile } from '../../auth/read-authentication-file.js';
import { Networks } from '../../auth/networks.js';
import { systemClock } from '../../values/clock.js';
import { bearer, openTestAuthenticator, startGuardedGateway, type GuardedGateway } from '../support/guarded-gateway.js';
import { RawSocket } from '../support/stream-clients.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { newSigningKey, startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { until } from '../support/until.js';

const WHO = '{ viewer { name kind groups } }';
const IAP_AUDIENCE = '/projects/123/global/backendServices/456';
const URL_OF_GATEWAY = 'https://features.example.com';

/** Sends headers as a client without rules of its own does: several of one name too. */
async function raw(gateway: GuardedGateway, headers: string[]): Promise<{ status: number; body: any }> {
  const { port } = new URL(gateway.gateway.url);
  const body = JSON.stringify({ query: WHO });
  const request = httpRequest({
    port,
    path: '/graphql',
    method: 'POST',
    headers: [
      ...['host', `127.0.0.1:${port}`, 'content-type', 'application/json', 'connection', 'close'],
      ...['content-length', String(body.length)],
      ...headers,
    ],
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode!, body: JSON.parse(await text(response)) };
}

describe('Google', () => {
  let identity: TokenIssuer;
  let iap: TokenIssuer;
  let guarded: GuardedGateway;
  beforeAll(async () => {
    identity = await startTokenIssuer('RS256');
    iap = await startTokenIssuer('ES256');
    guarded = await startGuardedGateway(
      {
        googleIap: { audience: IAP_AUDIENCE },
        googleIdentityTokens: { audiences: [URL_OF_GATEWAY] },
        apiKeys: {},
      },
      { authentication: { googleKeys: { identity: identity.jwksUri, iap: iap.jwksUri } } },
    );
  });
  afterAll(async () => {
    await guarded.close();
    await identity.close();
    await iap.close();
  });
  const google = (email: string, more: object = {}) =>
    identity.sign('1', {
      issuer: 'https://accounts.google.com',
      audience: URL_OF_GATEWAY,
      claims: { email, email_verified: true, ...more },
    });
  const assertion = (email: string, more: object = {}) =>
    iap.sign('accounts.google.com:1', {
      issuer: 'https://cloud.google.com/iap',
      audience: IAP_AUDIENCE,
      claims: { email },
      ...more,
    });

  it('gives people and service accounts their names', async () => {
    expect((await guarded.ask(WHO, bearer(await google('alice@example.com')))).data.viewer).toEqual({
      name: 'user:alice@example.com',
      kind: 'USER',
      groups: [],
    });
    const service = await google('loader@project.iam.gserviceaccount.com');
    expect((await guarded.ask(WHO, bearer(service))).data.viewer).toMatchObject({
      name: 'service:loader@project.iam.gserviceaccount.com',
      kind: 'SERVICE',
    });
    const headers = { 'x-goog-iap-jwt-assertion': await assertion('bob@example.com') };
    expect((await guarded.ask(WHO, headers)).data.viewer.name).toBe('user:bob@example.com');
  });

  it.each<[string, () => Promise<Record<string, string>>]>([
    [
      'an assertion for another service',
      async () => ({
        'x-goog-iap-jwt-assertion': await assertion('a@example.com', { audience: '/projects/123/apps/other' }),
      }),
    ],
    [
      'an assertion with a key of the identity tokens',
      async () => ({
        'x-goog-iap-jwt-assertion': await assertion('a@example.com', { key: { ...identity.key } }),
      }),
    ],
    ['an identity token as assertion', async () => ({ 'x-goog-iap-jwt-assertion': await google('a@example.com') })],
    ['an assertion as identity token', async () => bearer(await assertion('a@example.com'))],
    [
      'an assertion of another key',
      async () => ({
        'x-goog-iap-jwt-assertion': await assertion('a@example.com', {
          key: await newSigningKey('ES256', iap.key.kid),
        }),
      }),
    ],
    [
      'a wrong assertion beside a right token',
      async () => ({
        'x-goog-iap-jwt-assertion': 'wrong',
        ...bearer(await google('a@example.com')),
      }),
    ],
    [
      'only the headers that IAP writes without a signature',
      async () => ({
        'x-goog-authenticated-user-email': 'accounts.google.com:admin@example.com',
      }),
    ],
    [
      'an email that Google did not verify',
      async () => bearer(await google('a@example.com', { email_verified: false })),
    ],
    ['a token without an email', async () => bearer(await google('', {}))],
  ])('refuses %s', async (_what, headers) => {
    expect((await guarded.ask(WHO, await headers())).status).toBe(401);
  });

  it('refuses two assertions in one request', async () => {
    const [first, second] = [await assertion('a@example.com'), await assertion('b@example.com')];
    const { status, body } = await raw(guarded, [
      'x-goog-iap-jwt-assertion',
      first,
      'x-goog-iap-jwt-assertion',
      second,
    ]);
    expect(status).toBe(401);
    expect(body.errors[0].message).toMatch(/more than once/);
  });

  it('refuses two tokens in one request', async () => {
    const [first, second] = [await google('a@example.com'), await google('b@example.com')];
    const { status } = await raw(guarded, ['authorization', `Bearer ${first}`, 'authorization', `Bearer ${second}`]);
    expect(status).toBe(401);
  });
});

describe('Cloud Run, which takes the signature out of a token', () => {
  const document = { cloudRun: { header: 'x-serverless-authorization', audiences: [URL_OF_GATEWAY] } };
  const unsigned = (claims: object, signature = 'SIGNATURE_REMOVED_BY_GOOGLE'): string => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const usual = {
      iss: 'https://accounts.google.com',
      aud: URL_OF_GATEWAY,
      email: 'alice@example.com',
      email_verified: true,
      exp: Math.floor(Date.now() / 1000) + 600,
    };
    return `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ ...usual, ...claims })}.${signature}`;
  };

  it('is believed only where the configuration names the header, and the container is one of Cloud Run', async () => {
    await expect(startGuardedGateway(document)).rejects.toThrow(/not a container of Cloud Run/);
    const identity = await startTokenIssuer('RS256');
    const guarded = await startGuardedGateway(document, {
      authentication: { isCloudRun: true, googleKeys: { identity: identity.jwksUri, iap: identity.jwksUri } },
    });
    try {
      const ask = (token: string, header = 'x-serverless-authorization') =>
        guarded.ask(WHO, { [header]: `Bearer ${token}` });
      expect((await ask(unsigned({}))).data.viewer.name).toBe('user:alice@example.com');
      expect((await ask(unsigned({}), 'authorization')).status).toBe(401);
      expect((await ask(unsigned({}, 'AAAA'))).status).toBe(401);
      expect((await ask(unsigned({ aud: 'other' }))).status).toBe(401);
      expect((await ask(unsigned({ iss: 'https://evil.example.com' }))).status).toBe(401);
      expect((await ask(unsigned({ email_verified: false }))).status).toBe(401);
      expect((await ask(unsigned({ exp: 1 }))).errors![0]!.extensions.reason).toBe('EXPIRED');
      expect((await ask(unsigned({ exp: undefined }))).status).toBe(401);
      // A signature that is there is checked.
      const sign = (more: object = {}) =>
        identity.sign('1', {
          issuer: 'https://accounts.google.com',
          audience: URL_OF_GATEWAY,
          claims: { email: 'bob@example.com', email_verified: true },
          ...more,
        });
      expect((await ask(await sign())).data.viewer.name).toBe('user:bob@example.com');
      expect((await ask(await sign({ key: await newSigningKey('RS256', identity.key.kid) }))).status).toBe(401);
      expect((await ask(await sign({ audience: 'other' }))).status).toBe(401);
    } finally {
      await identity.close();
      await guarded.close();
    }
  });
});

describe('the subject of a client certificate', () => {
  const certificates = (proxies: string[]) => ({
    clientCertificates: {
      subjectHeader: 'X-SSL-Client-S-DN',
      verifiedHeader: { name: 'x-ssl-client-verify', value: 'SUCCESS' },
      proxies,
      groups: ['mesh'],
    },
    apiKeys: {},
  });
  const subject = ['x-ssl-client-s-dn', 'CN=scorer,O=Example'];
  const verified = ['x-ssl-client-verify', 'SUCCESS'];

  it('is believed from a proxy of the configuration', async () => {
    const guarded = await startGuardedGateway(certificates(['127.0.0.0/8', '::1']));
    try {
      expect((await raw(guarded, [...subject, ...verified])).body.data.viewer).toEqual({
        name: 'certificate:CN=scorer,O=Example',
        kind: 'CERTIFICATE',
        groups: ['mesh'],
      });
      expect((await raw(guarded, subject)).status).toBe(401);
      expect((await raw(guarded, [...subject, 'x-ssl-client-verify', 'FAILED'])).status).toBe(401);
      expect((await raw(guarded, [...subject, ...subject, ...verified])).status).toBe(401);
      expect((await raw(guarded, ['x-ssl-client-s-dn', 'CN=Jos\u00e9', ...verified])).status).toBe(401);
      expect((await raw(guarded, verified)).body.errors[0].extensions.reason).toBe('NONE');
      // A wrong token is not made good by a right certificate.
      expect((await raw(guarded, [...subject, ...verified, 'authorization', 'Bearer x'])).status).toBe(401);
    } finally {
      await guarded.close();
    }
  });

  it.each([
    ['says that there is no certificate', { 'x-ssl-client-verify': 'NONE' }],
    ['sends an empty subject', { 'x-ssl-client-verify': 'NONE', 'x-ssl-client-s-dn': '' }],
  ])('is not needed for a WebSocket of a page with a token, when the proxy %s', async (_when, headers) => {
    const guarded = await startGuardedGateway(certificates(['127.0.0.0/8', '::1']));
    try {
      const request = { name: 'page', groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
      const { key } = await createKey(guarded.keyFile, request);
      await until(async () => (await guarded.ask(WHO, bearer(key))).status === 200);
      const raw = await RawSocket.open(guarded.gateway.url, 'graphql-transport-ws', { headers });
      raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } });
      await until(() => raw.messages.length === 1);
      expect(raw.messages[0].type).toBe('connection_ack');
      raw.socket.close();
    } finally {
      await guarded.close();
    }
  });

  it('is refused from elsewhere, whatever the request says of where it comes from', async () => {
    const guarded = await startGuardedGateway(certificates(['10.1.2.3']));
    try {
      const { status, body } = await raw(guarded, [...subject, ...verified, 'x-forwarded-for', '10.1.2.3']);
      expect(status).toBe(401);
      expect(body.errors[0].message).toMatch(/not a proxy of the configuration/);
    } finally {
      await guarded.close();
    }
  });

  it('knows networks of both families, and IPv4 inside IPv6', () => {
    const networks = new Networks(['10.0.0.0/8', 'fd00::/8', '192.0.2.7']);
    for (const address of ['10.200.1.1', '::ffff:10.0.0.1', 'fd12::1', '192.0.2.7']) {
      expect([address, networks.has(address)]).toEqual([address, true]);
    }
    for (const address of ['11.0.0.1', '::ffff:11.0.0.1', 'fe80::1', '192.0.2.8', '', 'localhost']) {
      expect([address, networks.has(address)]).toEqual([address, false]);
    }
  });
});

describe('the authentication file', () => {
  const provider = { issuer: 'https://a.example.com', audiences: ['x'] };
  it.each<[string, object, RegExp]>([
    ['has no method', {}, /The file has no method/],
    ['has an unknown key', { apiKey: {} }, /apiKey/],
    ['allows no signature', { identityProviders: [{ ...provider, algorithms: ['none'] }] }, /algorithms/],
    ['allows shared secrets', { identityProviders: [{ ...provider, algorithms: ['HS256'] }] }, /algorithms/],
    ['reads keys without TLS', { identityProviders: [{ ...provider, issuer: 'http://a.example.com' }] }, /https/],
    ['has no audience', { identityProviders: [{ ...provider, audiences: [] }] }, /audiences/],
    [
      'gives two providers one prefix',
      {
        identityProviders: [provider, { ...provider, issuer: 'https://b.example.com' }],
      },
      /prefix "user" is taken/,
    ],
    [
      'gives a provider the prefix of API keys',
      { identityProviders: [{ ...provider, prefix: 'key' }] },
      /"key" is taken/,
    ],
    [
      'gives a provider the names of Google',
      {
        identityProviders: [provider],
        googleIdentityTokens: { audiences: ['x'] },
      },
      /prefix "user" is taken/,
    ],
    [
      'has one issuer twice',
      {
        identityProviders: [provider, { ...provider, prefix: 'other' }],
      },
      /Another method has this issuer/,
    ],
    ['has no proxy', { clientCertificates: { subjectHeader: 'x-dn', proxies: [] } }, /proxies/],
    [
      'has a proxy by its name',
      { clientCertificates: { subjectHeader: 'x-dn', proxies: ['proxy'] } },
      /10\.0\.0\.0\/8/,
    ],
    [
      'reads the subject from the token',
      {
        clientCertificates: { subjectHeader: 'Authorization', proxies: ['10.0.0.1'] },
      },
      /token of the client/,
    ],
    [
      'mixes Cloud Run’s token with others in one header',
      {
        cloudRun: { header: 'authorization' },
        apiKeys: {},
      },
      /no other token/,
    ],
  ])('is refused when it %s', async (_what, document, message) => {
    await expect(openTestAuthenticator(temporaryFolder(), document)).rejects.toThrow(message);
  });

  it('is refused when it is missing', async () => {
    await expect(readAuthenticationFile('/nowhere/authentication.yaml')).rejects.toThrow(/FEATUREGRAPH_AUTHENTICATION/);
  });
});
