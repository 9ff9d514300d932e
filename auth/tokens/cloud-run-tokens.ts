import { decodeJwt, type JWTPayload } from 'jose';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import { readBearer, readOnce, type Credentials } from '../credentials.js';
import type { CloudRunDocument } from '../document.js';
import type { Principal } from '../principal.js';
import { invalid, unauthenticated } from '../unauthenticated.js';
import { checkLength } from './bearer-tokens.js';
import { GOOGLE_ISSUERS, googlePrincipal } from './google.js';
import type { ProviderKeys } from './provider-keys.js';
import { TokenMemory } from './token-memory.js';
import { endOf, TokenVerifier } from './token-verifier.js';

/** What Cloud Run writes in place of the signature, so that a service cannot use the token of its caller. */
const REMOVED_SIGNATURE = 'SIGNATURE_REMOVED_BY_GOOGLE';

/**
 * The identity token that Cloud Run checked before it called this container. If its signature is gone, it counts because
 * only Cloud Run reaches the container, and checks each caller. So this is used only where the configuration names it, and
 * only in a container of Cloud Run (composition/authentication.ts). A token with its signature is verified.
 */
export class CloudRunTokens {
  readonly header: string;

  readonly #verifier: TokenVerifier;
  readonly #memory: TokenMemory;

  constructor(
    private readonly document: CloudRunDocument,
    keys: ProviderKeys,
    private readonly clock: Clock,
  ) {
    this.header = document.header;
    const rules = { issuers: GOOGLE_ISSUERS, algorithms: ['RS256'], clockSkewSeconds: 0 } as const;
    this.#verifier = new TokenVerifier({ ...rules, audiences: document.audiences ?? null }, keys, clock);
    this.#memory = new TokenMemory(clock);
  }

  get description(): string {
    return `tokens that Cloud Run checked, in ${this.header}`;
  }

  read(credentials: Credentials): string | undefined {
    if (this.header === 'authorization') return readBearer(credentials);
    return readOnce(credentials, this.header)?.replace(/^bearer +/i, '');
  }

  async verify(token: string, beforeVerify?: () => void): Promise<Principal> {
    checkLength(token);
    const [, , signature, ...others] = token.split('.');
    if (others.length > 0) throw invalid('The token is not a JSON Web Token.');
    if (signature === REMOVED_SIGNATURE) return this.#trust(token);
    const verify = async (): Promise<Principal> => {
      const { payload, expiresAt } = await this.#verifier.verify(token);
      return toPrincipal(payload, expiresAt);
    };
    return this.#memory.principalOf(token, verify, beforeVerify);
  }

  /** All but the signature, which Cloud Run has checked. */
  #trust(token: string): Principal {
    const payload = readPayload(token);
    const { audiences } = this.document;
    if (!GOOGLE_ISSUERS.some((issuer) => issuer === payload.iss)) throw invalid('The token is not one of Google.');
    const named = [payload.aud].flat();
    if (audiences && !audiences.some((audience) => named.includes(audience))) {
      throw invalid('The token is for another audience. Get one for this gateway.');
    }
    if (typeof payload.exp !== 'number') throw invalid('The token has no expiry.');
    const expiresAt = endOf(payload, 0);
    if (expiresAt <= this.clock()) throw unauthenticated('EXPIRED', 'The token has expired. Get a new one.');
    return toPrincipal(payload, expiresAt);
  }
}

function toPrincipal(payload: JWTPayload, expiresAt: Instant): Principal {
  if (payload.email_verified !== true) throw invalid('Google did not verify the email of the token.');
  return googlePrincipal(payload, expiresAt);
}

function readPayload(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw invalid('The token is not a JSON Web Token.');
  }
}
