import { decodeJwt } from 'jose';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import type { Clock } from '../../values/clock.js';
import type { Principal } from '../principal.js';
import { invalid } from '../unauthenticated.js';
import { TokenMemory } from './token-memory.js';

/** The tokens of one issuer. */
export interface IssuerTokens {
  readonly issuers: readonly string[];
  /** What the names of its principals begin with. */
  readonly prefixes: readonly string[];
  readonly verify: (token: string) => Promise<Principal>;
}

/** Signed tokens of `Authorization`, from any of the configured issuers. */
export class BearerTokens {
  readonly #byIssuer: ReadonlyMap<string, IssuerTokens>;
  readonly #memory: TokenMemory;

  /** What the names of the principals begin with. */
  readonly prefixes: readonly string[];

  constructor(accepted: readonly IssuerTokens[], clock: Clock) {
    this.prefixes = accepted.flatMap(({ prefixes }) => prefixes);
    this.#byIssuer = new Map(accepted.flatMap((tokens) => tokens.issuers.map((issuer) => [issuer, tokens])));
    this.#memory = new TokenMemory(clock);
  }

  get description(): string {
    return `tokens of ${[...this.#byIssuer.keys()].join(', ')}`;
  }

  verify(token: string, beforeVerify?: () => void): Promise<Principal> {
    checkLength(token);
    return this.#memory.principalOf(token, () => this.#select(token).verify(token), beforeVerify);
  }

  /** By the issuer that the token names. Its own rules then check that it is the issuer. */
  #select(token: string): IssuerTokens {
    const tokens = this.#byIssuer.get(readIssuer(token) ?? '');
    if (!tokens) throw invalid('This gateway does not take tokens of this issuer.');
    return tokens;
  }
}

export function checkLength(token: string): void {
  if (token.length > AUTH_LIMITS.maxTokenLength) {
    throw invalid(`The token has more than ${AUTH_LIMITS.maxTokenLength} characters.`);
  }
}

function readIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw invalid('The token is not a signed JSON Web Token.');
  }
}
