import type { Clock } from '../../../values/clock.js';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';

/** For how long an answer about a resource is taken as current: load balancers ask for health each second or faster. */
const KEPT = 10n * MICROS_PER_SECOND;

/** Asks at most once in ten seconds, however many want to know. A failure is no answer, and the next one asks again. */
export class RecentAnswer<T> {
  #answer: Promise<T> | undefined;
  #askedAt: Instant = 0n;

  constructor(
    readonly ask: () => Promise<T>,
    readonly clock: Clock,
  ) {}

  get(): Promise<T> {
    const now = this.clock();
    if (!this.#answer || now - this.#askedAt > KEPT) {
      this.#askedAt = now;
      const answer = this.ask();
      this.#answer = answer;
      answer.catch(() => {
        if (this.#answer === answer) this.#answer = undefined;
      });
    }
    return this.#answer;
  }
}
