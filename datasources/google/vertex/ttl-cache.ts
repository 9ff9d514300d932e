import type { Clock } from '../../../values/clock.js';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';

/** For how long an answer about a resource is taken as current: load balancers ask for health each second or faster. */
const TTL = 10n * MICROS_PER_SECOND;

/** Asks at most once in ten seconds, however many want to know. A failure is no answer, and the next one asks again. */
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
