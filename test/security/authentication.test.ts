import { CompactSign, exportSPKI, importSPKI, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, startGuardedGateway, type GuardedGateway } from '../support/guarded-gateway.js';
import { AUDIENCE, newSigningKey, startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';

const WHO = '{ viewer { name kind groups expiresAt } }';
const KEY_LIMITS = { keysRefreshMs: 60_000, keysMaxAgeMs: 3_600_000, keysCooldownMs: 0, providerTimeoutMs: 2_000 };

describe('tokens of an identity provider', () => {
  let issuer: TokenIssuer;
  let guarded: GuardedGateway;
  beforeAll(async () => {
    issuer = await startTokenIssuer();
    guarded = await startGuardedGateway(
      {
        identityProviders: [
          {
            issuer: issuer.issuer,
            audiences: [AUDIENCE],
            groupsClaim: 'realm_access.roles',
            requiredClaims: { env: 'test' },
            claims: ['tenant'],
          },
        ],
      },
      { authentication: { keyLimits: KEY_LIMITS } },
    );
  });
  afterAll(async () => {
    await guarded.close();
    await issuer.close();
  });
  const ask = (token: string) => guarded.ask(WHO, bearer(token));
  const claims = { env: 'test' };

  it('makes a principal of a right token', async () => {
    const token = await issuer.sign('alice', {
      claims: { ...claims, realm_access: { roles: ['b', 'a', 'b'] }, tenant: 'acme', exp: 4_102_444_800 },
    });
    expect(await ask(token)).toMatchObject({
      status: 200,
      data: {
        // exp and 30 s of clock skew.
        viewer: { name: 'user:alice', kind: 'USER', groups: ['a', 'b'], expiresAt: '2100-01-01T00:00:30Z' },
      },
    });
  });

  it('takes a token of several audiences that has the right one', async () => {
    const token = await issuer.sign('alice', { claims, audience: ['other', AUDIENCE] });
    expect((await ask(token)).status).toBe(200);
  });

  it.each<[string, RegExp, string, () => Promise<string>]>([
    ['expired', /expired/, 'EXPIRED', () => issuer.sign('a', { claims, expiresIn: -31 })],
    ['of another audience', /another audience/, 'INVALID', () => issuer.sign('a', { claims, audience: 'other' })],
    [
      'of another issuer',
      /this issuer/,
      'INVALID',
      () => issuer.sign('a', { claims, issuer: 'https://evil.example.com' }),
    ],
    ['without an expiry', /"exp"/, 'INVALID', () => issuer.sign('a', { claims, without: ['exp'] })],
    ['without an audience', /audience/, 'INVALID', () => issuer.sign('a', { claims, without: ['aud'] })],
    ['without a subject', /"sub"/, 'INVALID', () => issuer.sign('a', { claims, without: ['sub'] })],
    [
      'not valid yet',
      /not valid yet/,
      'INVALID',
      () => issuer.sign('a', { claims: { ...claims, nbf: 4_102_444_800 } }),
    ],
    ['without a required claim', /"env"/, 'INVALID', () => issuer.sign('a')],
    ['with another value of it', /"env"/, 'INVALID', () => issuer.sign('a', { claims: { env: 'prod' } })],
    [
      'with groups of numbers',
      /list of strings/,
      'INVALID',
      () => issuer.sign('a', { claims: { ...claims, realm_access: { roles: [1] } } }),
    ],
    ['with a list as a claim', /"tenant"/, 'INVALID', () => issuer.sign('a', { claims: { ...claims, tenant: ['x'] } })],
    ['with a line break in its name', /name/, 'INVALID', () => issuer.sign('a\r\nx-injected: 1', { claims })],
    ['with a line separator in its name', /name/, 'INVALID', () => issuer.sign('a\u2028b', { claims })],
    [
      'of an unknown key',
      /does not publish/,
      'INVALID',
      async () => issuer.sign('a', { claims, key: await newSigningKey() }),
    ],
    [
      'of another key with the name of a known one',
      /signature/,
      'INVALID',
      async () => issuer.sign('a', { claims, key: await newSigningKey('RS256', issuer.key.kid) }),
    ],
    [
      'of another algorithm',
      /algorithm|publish/,
      'INVALID',
      async () => issuer.sign('a', { claims, key: await newSigningKey('RS512', issuer.key.kid) }),
    ],
    [
      'tampered with',
      /signature/,
      'INVALID',
      async () => {
        const [head, body, signature] = (await issuer.sign('a', { claims })).split('.');
        const payload = JSON.parse(Buffer.from(body!, 'base64url').toString()) as object;
        const changed = Buffer.from(JSON.stringify({ ...payload, sub: 'admin' })).toString('base64url');
        return [head, changed, signature].join('.');
      },
    ],
    [
      'without a signature',
      /algorithm/,
      'INVALID',
      async () => {
        const [, body] = (await issuer.sign('a', { claims })).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
      },
    ],
    ['that is no token', /JSON Web Token/, 'INVALID', async () => 'hello'],
    ['of 20,000 characters', /characters/, 'INVALID', async () => `e.${'a'.repeat(9_000)}.e`],
  ])('refuses a token %s', async (_what, message, reason, make) => {
    const answer = await ask(await make());
    expect(answer.status).toBe(401);
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toEqual([
      {
        message: expect.stringMatching(message),
        extensions: { code: 'UNAUTHENTICATED', reason, retryable: false, requestId: expect.any(String) },
      },
    ]);
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="featuregraph", error="invalid_token", error_description="[^"]+"$/,
    );
  });

  it('refuses a token that is signed with the public key as a shared secret', async () => {
    const publicKey = await importSPKI(await exportSPKI(issuer.key.publicKey), 'RS256', { extractable: true });
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: issuer.issuer, aud: AUDIENCE, sub: 'admin', exp: now + 600, env: 'test' };
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: issuer.key.kid }).sign(secret);
    expect(await ask(token)).toMatchObject({ status: 401, errors: [{ message: /algorithm/ }] });
  });

  it('refuses a header that asks for an extension it does not know', async () => {
    const head = { alg: 'RS256', kid: issuer.key.kid, crit: ['x'], x: true };
    const token = await new CompactSign(new TextEncoder().encode('{}'))
      .setProtectedHeader(head)
      .sign(issuer.key.privateKey, { crit: { x: true } });
    expect(await ask(token)).toMatchObject({ status: 401, errors: [{ message: /JSON Web Token/ }] });
  });

  it('accepts a token within the clock skew, and not after it', async () => {
    expect((await ask(await issuer.sign('a', { claims, expiresIn: -25 }))).status).toBe(200);
    expect((await ask(await issuer.sign('a', { claims, expiresIn: -40 }))).status).toBe(401);
  });

  it.each([
    ['nothing', {}, 'NONE'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'INVALID'],
    ['an empty token', { authorization: 'Bearer ' }, 'INVALID'],
    ['an API key where none are taken', bearer(`fgk_${'0'.repeat(12)}_${'a'.repeat(43)}`), 'INVALID'],
    ['headers that only a proxy sends', { 'x-goog-authenticated-user-email': 'admin@example.com' }, 'NONE'],
    ['an assertion of a method that is off', { 'x-goog-iap-jwt-assertion': 'x.y.z' }, 'NONE'],
  ])('refuses a request with %s', async (_what, headers, reason) => {
    const answer = await guarded.ask(WHO, headers);
    expect(answer).toMatchObject({ status: 401, errors: [{ extensions: { code: 'UNAUTHENTICATED', reason } }] });
    if (reason === 'NONE') expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="featuregraph"');
  });

  it('refuses introspection, GET and the examples without credentials, and answers probes and the page', async () => {
    const { origin } = new URL(guarded.gateway.url);
    const get = (path: string): Promise<Response> =>
      fetch(origin + path, { headers: { accept: 'application/graphql-response+json' }, redirect: 'manual' });
    expect((await guarded.ask('{ __schema { types { name } } }', {})).status).toBe(401);
    expect((await get('/graphql?query={__typename}')).status).toBe(401);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/')).status).toBe(302);
  });

  it('follows a rotation of the keys without a restart, and then refuses the old key', async () => {
    const old = issuer.key;
    await issuer.rotate();
    expect((await ask(await issuer.sign('after', { claims }))).status).toBe(200);
    expect(await ask(await issuer.sign('before', { claims, key: old }))).toMatchObject({
      status: 401,
      errors: [{ message: /does not publish/ }],
    });
  });

  it('tries each key for a token that names none', async () => {
    await issuer.rotate(true);
    await ask(await issuer.sign('new', { claims }));
    expect((await ask(await issuer.sign('unnamed', { claims, namesKey: false }))).status).toBe(200);
  });

  it('verifies a token once, and never accepts what was refused', async () => {
    const token = await issuer.sign('often', { claims });
    for (let times = 0; times < 3; times += 1) expect((await ask(token)).status).toBe(200);
    const wrong = `${token.slice(0, -6)}AAAAAA`;
    for (let times = 0; times < 3; times += 1) expect((await ask(wrong)).status).toBe(401);
  });

  it('answers 503, and never "anonymous", while the provider is down, and goes on with known keys', async () => {
    const known = await issuer.sign('known', { claims });
    await ask(known);
    issuer.break(true);
    try {
      const unknown = await issuer.sign('a', { claims, key: await newSigningKey() });
      const answer = await ask(unknown);
      expect(answer).toMatchObject({
        status: 503,
        errors: [{ extensions: { code: 'IDENTITY_PROVIDER_UNAVAILABLE', retryable: true } }],
      });
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(JSON.stringify(answer.errors)).not.toContain(issuer.issuer);
      expect((await ask(await issuer.sign('other', { claims }))).status).toBe(200);
    } finally {
      issuer.break(false);
    }
  });
});

describe('rules of a provider', () => {
  it('takes the email as name only if the provider checked it', async () => {
    const issuer = await startTokenIssuer('ES256');
    const guarded = await startGuardedGateway({
      identityProviders: [
        { issuer: issuer.issuer, audiences: [AUDIENCE], nameClaim: 'email', prefix: 'okta', tokenType: 'at+jwt' },
      ],
    });
    try {
      const sign = (email_verified: unknown, typ = 'at+jwt'): Promise<string> =>
        issuer.sign('1', { claims: { email: 'alice@example.com', email_verified }, typ });
      expect((await guarded.ask(WHO, bearer(await sign(true)))).data.viewer.name).toBe('okta:alice@example.com');
      expect((await guarded.ask(WHO, bearer(await sign('true')))).status).toBe(401);
      expect((await guarded.ask(WHO, bearer(await sign(undefined)))).status).toBe(401);
      expect((await guarded.ask(WHO, bearer(await sign(true, 'JWT')))).status).toBe(401);
    } finally {
      await guarded.close();
      await issuer.close();
    }
  });

  it('keeps two providers apart, also when one publishes the name of the other’s key', async () => {
    const [one, two] = [await startTokenIssuer(), await startTokenIssuer()];
    const guarded = await startGuardedGateway({
      identityProviders: [
        { issuer: one.issuer, audiences: [AUDIENCE] },
        { issuer: two.issuer, audiences: [AUDIENCE], prefix: 'build', kind: 'SERVICE' },
      ],
    });
    try {
      expect((await guarded.ask(WHO, bearer(await two.sign('alice')))).data.viewer).toMatchObject({
        name: 'build:alice',
        kind: 'SERVICE',
      });
      const forged = await two.sign('alice', { issuer: one.issuer, key: { ...two.key, kid: one.key.kid } });
      expect((await guarded.ask(WHO, bearer(forged))).status).toBe(401);
    } finally {
      await guarded.close();
      await one.close();
      await two.close();
    }
  });
});
