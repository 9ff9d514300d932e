import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { systemClock, type Clock } from '../../values/clock.js';

export interface TokenOptions {
  /** The algorithm, and what the token has in place of the usual claims. */
  readonly claims?: JWTPayload;
  readonly without?: readonly string[];
  readonly audience?: string | string[];
  readonly issuer?: string;
  /** Seconds from now. */
  readonly expiresIn?: number;
  readonly typ?: string;
  /** Signed with this key instead of the current one. */
  readonly key?: SigningKey;
  readonly namesKey?: boolean;
}

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly alg: string;
}

/** A small OpenID provider over HTTP: a description, keys, and tokens signed with them. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly jwksUri: string;
  /** How often the keys were read. */
  readonly reads: number;
  readonly key: SigningKey;
  sign(subject: string, options?: TokenOptions): Promise<string>;
  /** A new key, published in place of the old one, or beside it. */
  rotate(beside?: boolean): Promise<void>;
  /** Makes the provider answer as a broken one does. */
  break(isBroken: boolean): void;
  close(): Promise<void>;
}

export const AUDIENCE = 'featuregraph';

export async function newSigningKey(alg = 'RS256', kid: string = crypto.randomUUID()): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export async function startTokenIssuer(alg = 'RS256', clock: Clock = systemClock): Promise<TokenIssuer> {
  let key = await newSigningKey(alg);
  let published = [key.publicJwk];
  let isBroken = false;
  let reads = 0;
  const server = createServer((request, response) => {
    if (isBroken) {
      response.writeHead(500).end('down');
      return;
    }
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    } else {
      reads += 1;
      response.end(JSON.stringify({ keys: published }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    jwksUri: `${issuer}/keys`,
    get reads() {
      return reads;
    },
    get key() {
      return key;
    },
    sign: async (subject, options = {}) => {
      const { kid, privateKey, alg: signedBy } = options.key ?? key;
      const now = Number(clock() / 1_000_000n);
      const claims: JWTPayload = {
        iss: options.issuer ?? issuer,
        aud: options.audience ?? AUDIENCE,
        sub: subject,
        iat: now,
        exp: now + (options.expiresIn ?? 600),
        ...options.claims,
      };
      const kept = Object.fromEntries(Object.entries(claims).filter(([name]) => !options.without?.includes(name)));
      return new SignJWT(kept)
        .setProtectedHeader({
          alg: signedBy,
          ...(options.namesKey === false ? {} : { kid }),
          ...(options.typ ? { typ: options.typ } : {}),
        })
        .sign(privateKey);
    },
    rotate: async (beside = false) => {
      key = await newSigningKey(alg);
      published = beside ? [...published, key.publicJwk] : [key.publicJwk];
    },
    break: (broken) => {
      isBroken = broken;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
