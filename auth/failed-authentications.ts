import { AppError } from '../errors/app-error.js';
import { AUTH_LIMITS } from '../limits/auth-limits.js';
import { RateWindows } from '../limits/rate-windows.js';
import type { AuditLog } from './audit/audit-log.js';
import type { Authenticator } from './authenticator.js';
import { clientNetwork } from './client-addresses.js';
import type { Credentials } from './credentials.js';

export interface FailedAuthenticationsOptions {
  readonly authenticator: Pick<Authenticator, 'addressOf'>;
  /** null: there is none. */
  readonly auditLog: Pick<AuditLog, 'recordRefusal'> | null;
  readonly maxPerMinute?: number;
  readonly now?: () => number;
}

/**
 * The credentials that were refused, by the address of the client. An address with too many of them is refused without a
 * check of a signature for the rest of the minute: a check costs up to 200 microseconds, and a client can invent any number
 * of tokens. API keys and tokens that were accepted before still count, because others can share the address.
 */
export class FailedAuthentications {
  readonly #windows: RateWindows;

  constructor(private readonly options: FailedAuthenticationsOptions) {
    const { maxPerMinute = AUTH_LIMITS.maxFailedPerMinute, now } = options;
    this.#windows = new RateWindows(maxPerMinute, 60_000, AUTH_LIMITS.maxFailedAddresses, now);
  }

  /** The same credentials, of which a signature is checked only if the address has not failed too often. */
  guard(credentials: Credentials): Credentials {
    if (this.#windows.isEmpty) return credentials;
    this.#windows.sweep();
    const beforeVerify = (): void => {
      const wait = this.#windows.waitOf(this.#networkOf(credentials));
      if (wait !== undefined) throw tooMany(wait);
    };
    return { ...credentials, beforeVerify };
  }

  /** Notes a refusal. Gives the error for the client. */
  refuse(credentials: Credentials, error: AppError): AppError {
    const { auditLog, authenticator } = this.options;
    const { code, details } = error;
    auditLog?.recordRefusal(
      authenticator.addressOf(credentials),
      code === 'UNAUTHENTICATED' ? String(details.reason) : code,
    );
    // A request without credentials costs nothing, and a page sends one before its user logs in.
    if (code !== 'UNAUTHENTICATED' || details.reason === 'NONE') return error;
    const wait = this.#windows.take(this.#networkOf(credentials));
    return wait === undefined ? error : tooMany(wait);
  }

  #networkOf(credentials: Credentials): string {
    return clientNetwork(this.options.authenticator.addressOf(credentials));
  }
}

function tooMany(waitMs: number): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new AppError(
    'RATE_LIMITED',
    `Too many requests with wrong credentials came from this address. Try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds },
  );
}
