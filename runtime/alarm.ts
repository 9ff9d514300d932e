/** The longest time of a timer of JavaScript: a longer one would ring at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One timer, which may ring early where the time is far away: who is called looks at the clock again, and sets it anew. It
 * does not keep the process alive.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;

  /** Replaces the time that was set before. */
  set(delayMs: number, ring: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(ring, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS)).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
