import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import { providerUnavailable } from '../unauthenticated.js';
import { discoverKeys } from './discover-keys.js';

export type KeyLimits = Readonly<
  Record<'keysRefreshMs' | 'keysMaxAgeMs' | 'keysCooldownMs' | 'providerTimeoutMs', number>
>;

export interface ProviderKeysOptions {
  readonly issuer: string;
  /** null: the description of the provider says where they are. */
  readonly jwksUri: string | null;
  readonly limits?: KeyLimits;
  /** Older keys are in use, because the provider does not answer. */
  readonly onError: (error: unknown) => void;
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/** How long a failure counts for tokens with unknown keys: each would wait for the provider otherwise. */
const FAILURE_MS = 2_000;

/**
 * The public keys of a provider. They are read when the first token comes, and again when they are old, or when a token
 * names a key that is new. A provider that does not answer does not stop the clients whose key is known.
 */
export class ProviderKeys {
  #keys: Promise<RemoteKeys> | undefined;
  #loaded: RemoteKeys | undefined;
  #readAt = 0;
  #failure: { readonly at: number; readonly error: unknown } | undefined;
  #isRefreshing = false;
  readonly #limits: KeyLimits;

  constructor(private readonly options: ProviderKeysOptions) {
    this.#limits = options.limits ?? AUTH_LIMITS;
  }

  /** The key of a token. Throws IDENTITY_PROVIDER_UNAVAILABLE, or jose's error for a key that the provider lacks. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const { kid } = header;
    try {
      const known = this.#loaded?.jwks()?.keys;
      const needsProvider = !known || (kid !== undefined && !known.some((key) => key.kid === kid));
      if (needsProvider && this.#failure && performance.now() - this.#failure.at < FAILURE_MS) {
        throw this.#failure.error;
      }
      const keys = await (this.#keys ??= this.#open());
      this.#refresh(keys);
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      // A key that the header makes impossible is the fault of the token.
      if (error instanceof errors.JOSENotSupported) throw error;
      if (error !== this.#failure?.error) this.#failure = { at: performance.now(), error };
      throw providerUnavailable(error);
    }
  };

  async #open(): Promise<RemoteKeys> {
    const { issuer, jwksUri } = this.options;
    const { keysCooldownMs, keysMaxAgeMs, providerTimeoutMs } = this.#limits;
    try {
      const address = jwksUri ?? (await discoverKeys(issuer, providerTimeoutMs));
      const keys = createRemoteJWKSet(new URL(address), {
        cooldownDuration: keysCooldownMs,
        cacheMaxAge: keysMaxAgeMs,
        timeoutDuration: providerTimeoutMs,
      });
      this.#readAt = performance.now();
      this.#loaded = keys;
      return keys;
    } catch (error) {
      this.#keys = undefined;
      throw error;
    }
  }

  /** In the background: the known keys answer meanwhile. */
  #refresh(keys: RemoteKeys): void {
    const isOld = performance.now() - this.#readAt > this.#limits.keysRefreshMs;
    if (!isOld || this.#isRefreshing || !keys.jwks()) return;
    this.#isRefreshing = true;
    keys
      .reload()
      .then(() => (this.#readAt = performance.now()))
      .catch((error: unknown) => {
        // The next attempt after the cooldown.
        this.#readAt = performance.now() - this.#limits.keysRefreshMs + this.#limits.keysCooldownMs;
        this.options.onError(error);
      })
      .finally(() => (this.#isRefreshing = false));
  }
}
