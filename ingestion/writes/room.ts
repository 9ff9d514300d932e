import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors/app-error.js';

/** Counts the rows that the offline store does not have yet. A writer waits while there are too many of them. */
export class Room {
  #rows = 0;
  #changed = Promise.withResolvers<undefined>();

  constructor(private readonly limits: { readonly maxLoggedRows: number; readonly maxWaitMs: number }) {}

  get rows(): number {
    return this.#rows;
  }

  enter(rows: number): void {
    this.#rows += rows;
  }

  leave(rows: number): void {
    this.#rows = Math.max(0, this.#rows - rows);
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }

  async wait(signal: AbortSignal | undefined): Promise<void> {
    const { maxLoggedRows, maxWaitMs } = this.limits;
    const end = performance.now() + maxWaitMs;
    while (this.#rows >= maxLoggedRows) {
      const left = end - performance.now();
      if (left <= 0) {
        throw new AppError(
          'STORE_UNAVAILABLE',
          `The offline store lacks ${this.#rows} written rows and takes none at present. Try again later.`,
        );
      }
      const ended = new AbortController();
      await Promise.race([
        this.#changed.promise,
        sleep(left, undefined, { signal: ended.signal }).catch(() => undefined),
      ]);
      ended.abort();
      signal?.throwIfAborted();
    }
  }
}
