import { AppError } from '../errors/app-error.js';

/**
 * Why credentials are refused, for programs. EXPIRED: a client gets new credentials and tries again. INVALID: trying again
 * does not help. NONE: the request has no credentials that the configuration accepts.
 */
export type RefusalReason = 'NONE' | 'INVALID' | 'EXPIRED';

/** The refusal of credentials. The message never repeats them: it can be in a log. */
export function unauthenticated(reason: RefusalReason, message: string, cause?: unknown): AppError {
  return new AppError('UNAUTHENTICATED', message, { reason }, cause === undefined ? undefined : { cause });
}

export function invalid(message: string): AppError {
  return unauthenticated('INVALID', message);
}

/** The keys of an identity provider are not available: the gateway cannot know whether the token is right. Never "anonymous". */
export function providerUnavailable(cause: unknown): AppError {
  return new AppError(
    'IDENTITY_PROVIDER_UNAVAILABLE',
    'The keys of the identity provider are not available, so the token cannot be checked. Try again.',
    { retryAfterSeconds: 5 },
    { cause },
  );
}
