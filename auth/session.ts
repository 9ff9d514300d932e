import type { AppError } from '../errors/app-error.js';
import { Alarm } from '../runtime/alarm.js';
import type { Clock } from '../values/clock.js';
import type { Principal } from './principal.js';
import { unauthenticated } from './unauthenticated.js';

/** Who asks, and the end of the credentials for what lasts longer than a request. */
export interface Session {
  readonly principal: Principal;
  /**
   * Calls the listener once, when the credentials expire or are revoked. A stream that goes on would show values to
   * a client that may not see them any more. Returns the function that stops listening.
   */
  readonly onEnd: (listener: (reason: AppError) => void) => () => void;
}

/** Tells of the revocation of credentials that can be revoked. */
export type OnRevoked = (listener: () => void) => () => void;

const NEVER_REVOKED: OnRevoked = () => () => undefined;

/** A session that ends when its principal's credentials expire, or before, when they are revoked. */
export function sessionOf(principal: Principal, clock: Clock, onRevoked: OnRevoked = NEVER_REVOKED): Session {
  return {
    principal,
    onEnd: (listener) => {
      const alarm = new Alarm();
      const stop = (): void => {
        alarm.clear();
        stopRevoked();
      };
      const end = (reason: AppError): void => {
        stop();
        listener(reason);
      };
      const stopRevoked = onRevoked(() => end(unauthenticated('INVALID', 'The credentials were revoked.')));
      const { expiresAt } = principal;
      if (expiresAt === null) return stop;
      const wait = (): void => {
        const left = expiresAt - clock();
        if (left > 0n) alarm.set(Number(left / 1000n) + 1, wait);
        else end(unauthenticated('EXPIRED', 'The credentials have expired. Get new ones, and connect again.'));
      };
      wait();
      return stop;
    },
  };
}
