import { FairQueue } from './fair-queue.js';

/** Runs at most so many tasks at once. The others wait: those of an owner in the order in which they came, the owners in turn. */
export class Slots {
  readonly #waiting = new FairQueue<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  async run<Result>(task: () => Promise<Result>, owner = ''): Promise<Result> {
    const free = await this.take(owner);
    try {
      return await task();
    } finally {
      free();
    }
  }

  /** Resolves when there is a slot, with the function that frees it. Call that once. */
  async take(owner = ''): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(owner, resolve));
    return () => {
      // The next one takes the slot over, so no task that comes now gets ahead of it.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
}
