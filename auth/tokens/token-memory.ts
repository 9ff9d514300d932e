import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import type { Clock } from '../../values/clock.js';
import type { Principal } from '../principal.js';

/**
 * The principals of tokens that were verified a moment ago, so that a client pays for one signature and not for each of its
 * requests. It has hashes and not tokens: a dump of the memory has no token. Refused tokens are not here: they would
 * push the right ones out.
 */
export class TokenMemory {
  readonly #principals = new LRUCache<string, Principal>({
    max: AUTH_LIMITS.maxRememberedTokens,
    ttl: AUTH_LIMITS.maxRememberedMs,
  });

  constructor(private readonly clock: Clock) {}

  async principalOf(token: string, verify: () => Promise<Principal>, beforeVerify?: () => void): Promise<Principal> {
    const key = hash('sha256', token, 'base64url');
    const known = this.#principals.get(key);
    if (known && (known.expiresAt === null || known.expiresAt > this.clock())) return known;
    beforeVerify?.();
    const principal = await verify();
    this.#principals.set(key, principal);
    return principal;
  }
}
