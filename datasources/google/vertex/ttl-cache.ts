import type { Clock } from '../../../values/clock.js';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';

/** How long a response about a resource counts as current: load balancers check health every second or faster. */
const TTL = 10n * MICROS_PER_SECOND;

/**
 * Calls at most once in ten seconds, for any number of callers. It does not cache a failure, so the next caller calls
 * again.
 */
export class TtlCache<T> {
  #value: Promise<T> | undefined;
  #loadedAt: Instant = 0n;

  constructor(
    readonly load: () => Promise<T>,
    readonly clock: Clock,
  ) {}

  get(): Promise<T> {
    const now = this.clock();
    if (!this.#value || now - this.#loadedAt > TTL) {
      this.#loadedAt = now;
      const answer = this.load();
      this.#value = answer;
      answer.catch(() => {
        if (this.#value === answer) this.#value = undefined;
      });
    }
    return this.#value;
  }
}
