import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { AppError } from '../../errors/app-error.js';
import type { Clock } from '../../values/clock.js';
import { LATEST_INSTANT, MICROS_PER_SECOND, type Instant } from '../../values/instant.js';
import { invalid, unauthenticated } from '../unauthenticated.js';
import type { Algorithm } from './algorithms.js';
import type { ProviderKeys } from './provider-keys.js';

export interface TokenRules {
  readonly issuers: readonly string[];
  /** null: any, because a proxy has checked the audience. */
  readonly audiences: readonly string[] | null;
  readonly algorithms: readonly Algorithm[];
  readonly clockSkewSeconds: number;
  readonly tokenType?: string | undefined;
}

export interface VerifiedToken {
  readonly payload: JWTPayload;
  /** When the gateway stops accepting it: its `exp`, and the clock skew. */
  readonly expiresAt: Instant;
}

/** Checks the signature, issuer, audience and times of a token. A token without an expiry is refused. */
export class TokenVerifier {
  readonly #options: JWTVerifyOptions;

  constructor(
    private readonly rules: TokenRules,
    private readonly keys: ProviderKeys,
    private readonly clock: Clock,
  ) {
    this.#options = {
      issuer: [...rules.issuers],
      ...(rules.audiences ? { audience: [...rules.audiences] } : {}),
      algorithms: [...rules.algorithms],
      clockTolerance: rules.clockSkewSeconds,
      requiredClaims: ['exp', 'iss', 'aud'],
      ...(rules.tokenType === undefined ? {} : { typ: rules.tokenType }),
    };
  }

  async verify(token: string): Promise<VerifiedToken> {
    const options = { ...this.#options, currentDate: new Date(Number(this.clock() / 1000n)) };
    const payload = await this.#verify(token, options).catch((error: unknown) => {
      throw toRefusal(error);
    });
    return { payload, expiresAt: endOf(payload, this.rules.clockSkewSeconds) };
  }

  async #verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, this.keys.find, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // The token does not name its key: one of several may be the right one.
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (other) {
          if (!(other instanceof errors.JWSSignatureVerificationFailed)) throw other;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }
}

export function endOf({ exp = 0 }: JWTPayload, clockSkewSeconds: number): Instant {
  // A number beyond all times is one in the claims of a valid token: the last time that can be written.
  const seconds = Math.min(Math.floor(exp) + clockSkewSeconds, Number(LATEST_INSTANT / MICROS_PER_SECOND));
  return BigInt(seconds) * MICROS_PER_SECOND;
}

/** What jose found, in words that say what to do. Other errors stay: the keys are not available. */
function toRefusal(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JWTExpired) {
    return unauthenticated('EXPIRED', 'The token has expired. Get a new one.');
  }
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(claimSentence(error.claim));
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return invalid('The token is signed with an algorithm that this gateway does not take.');
  }
  if (error instanceof errors.JWKSNoMatchingKey) {
    return invalid('The token is signed with a key that its issuer does not publish.');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalid('The signature of the token is wrong.');
  }
  if (error instanceof errors.JOSEError) return invalid('The token is not a signed JSON Web Token.');
  return error;
}

function claimSentence(claim: string): string {
  switch (claim) {
    case 'aud':
      return 'The token is for another audience. Get one for this gateway.';
    case 'iss':
      return 'This gateway does not take tokens of this issuer.';
    case 'nbf':
      return 'The token is not valid yet.';
    case 'typ':
      return 'The token is of another type. Send the one that this gateway takes: an ID token is not an access token.';
    default:
      return `The claim "${claim}" of the token is missing or not right.`;
  }
}
