import { pause } from './pause.js';

/** Bounds how much is done in a second. Callers wait in the order of their calls. */
export class Pace {
  #free = 0;

  constructor(private readonly perSecond: number) {}

  /** Resolves when the caller may do `count` more, or rejects when the signal aborts. The first call never waits. */
  async take(count: number, signal = NEVER): Promise<void> {
    const now = performance.now();
    const start = Math.max(now, this.#free);
    this.#free = start + (count / this.perSecond) * 1000;
    if (start > now) await pause(start - now, signal);
    signal.throwIfAborted();
  }
}

const NEVER = new AbortController().signal;
