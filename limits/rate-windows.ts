import { performance } from 'node:perf_hooks';

interface Window {
  count: number;
  readonly endsAt: number;
}

/**
 * Counts what each key does in a window of time, in this process. A window begins with the first count of its key. At most
 * `maxKeys` keys are known: beyond that the oldest is forgotten, so that clients who invent keys do not fill the memory.
 */
export class RateWindows {
  readonly #windows = new Map<string, Window>();

  constructor(
    readonly points: number,
    private readonly windowMs: number,
    private readonly maxKeys = 10_000,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts points. Gives the milliseconds to wait if there were too many; undefined if not. */
  take(key: string, points = 1): number | undefined {
    const now = this.now();
    let window = this.#windows.get(key);
    if (!window || window.endsAt <= now) {
      // Removed first, so that the order of the map is that of the ends.
      this.#windows.delete(key);
      this.#windows.set(key, (window = { count: 0, endsAt: now + this.windowMs }));
      if (this.#windows.size > this.maxKeys) this.sweep();
      if (this.#windows.size > this.maxKeys) this.#windows.delete(this.#windows.keys().next().value!);
    }
    window.count += points;
    return window.count > this.points ? window.endsAt - now : undefined;
  }

  /** The milliseconds until a key may go on; undefined if it may now. Counts nothing. */
  waitOf(key: string): number | undefined {
    const window = this.#windows.get(key);
    const left = window && window.count > this.points ? window.endsAt - this.now() : 0;
    return left > 0 ? left : undefined;
  }

  /** Whether no key has a window, also not one that has ended. */
  get isEmpty(): boolean {
    return this.#windows.size === 0;
  }

  /** Forgets the windows that have ended. */
  sweep(): void {
    const now = this.now();
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt > now) return;
      this.#windows.delete(key);
    }
  }
}
