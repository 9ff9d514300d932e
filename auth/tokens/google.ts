import type { JWTPayload } from 'jose';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import { readOnce, type Credentials } from '../credentials.js';
import { checkName } from '../principal-name.js';
import type { Principal } from '../principal.js';
import { invalid } from '../unauthenticated.js';
import { checkLength, type IssuerTokens } from './bearer-tokens.js';
import { claimsOf } from './claims.js';
import type { ProviderKeys } from './provider-keys.js';
import { TokenMemory } from './token-memory.js';
import { TokenVerifier } from './token-verifier.js';

/** Google writes its issuer in both forms. */
export const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com'] as const;
export const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs';
export const IAP_ISSUER = 'https://cloud.google.com/iap';
export const IAP_KEYS = 'https://www.gstatic.com/iap/verify/public_key-jwk';
/** Of the names of principals. */
export const GOOGLE_PREFIXES: readonly string[] = ['user:', 'service:'];
const IAP_HEADER = 'x-goog-iap-jwt-assertion';

export interface GoogleRules {
  readonly audiences: readonly string[];
  readonly clockSkewSeconds: number;
}

/** Identity tokens of Google accounts and service accounts. */
export function googleIdentityTokens(rules: GoogleRules, keys: ProviderKeys, clock: Clock): IssuerTokens {
  const verifier = new TokenVerifier({ ...rules, issuers: GOOGLE_ISSUERS, algorithms: ['RS256'] }, keys, clock);
  return {
    issuers: GOOGLE_ISSUERS,
    prefixes: GOOGLE_PREFIXES,
    verify: async (token) => {
      const { payload, expiresAt } = await verifier.verify(token);
      if (payload.email_verified !== true) throw invalid('Google did not verify the email of the token.');
      return googlePrincipal(payload, expiresAt);
    },
  };
}

/**
 * The assertion that Identity-Aware Proxy puts into each request. Its signature has keys of its own: an identity token is
 * none, and the plain headers with an email, which any client can send, are never read.
 */
export class IapTokens {
  readonly headers = [IAP_HEADER];
  readonly #verifier: TokenVerifier;
  readonly #memory: TokenMemory;

  constructor(
    private readonly rules: GoogleRules,
    keys: ProviderKeys,
    clock: Clock,
  ) {
    this.#verifier = new TokenVerifier({ ...rules, issuers: [IAP_ISSUER], algorithms: ['ES256'] }, keys, clock);
    this.#memory = new TokenMemory(clock);
  }

  get description(): string {
    return `Google IAP for ${this.rules.audiences.join(', ')}`;
  }

  read(credentials: Credentials): string | undefined {
    return readOnce(credentials, IAP_HEADER);
  }

  verify(assertion: string, beforeVerify?: () => void): Promise<Principal> {
    checkLength(assertion);
    const verify = async (): Promise<Principal> => {
      const { payload, expiresAt } = await this.#verifier.verify(assertion);
      return googlePrincipal(payload, expiresAt);
    };
    return this.#memory.principalOf(assertion, verify, beforeVerify);
  }
}

/** A user or a service account, by its email. `hd`, the Workspace domain, is a claim that policy may match. */
export function googlePrincipal(payload: JWTPayload, expiresAt: Instant): Principal {
  const { email } = payload;
  if (typeof email !== 'string' || !email.includes('@')) {
    throw invalid('The token has no email. Ask for a token with the email (gcloud: --include-email).');
  }
  const isService = email.endsWith('.gserviceaccount.com');
  return {
    name: checkName(`${isService ? 'service' : 'user'}:${email}`),
    kind: isService ? 'SERVICE' : 'USER',
    groups: [],
    claims: claimsOf(payload, ['hd']),
    expiresAt,
  };
}
