import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { leavableIterator } from '../runtime/leavable-iterator.js';

/**
 * The minimum interval between progress events, however fast the work is. The end event is immediate and never omitted.
 */
const MIN_PUBLISH_INTERVAL_MS = 250;

/**
 * One job for all its watchers. The work publishes each change once, and each watcher takes the newest record when it
 * is ready. A slow watcher misses intermediate steps, so no queue grows for it.
 */
export class JobWatch {
  #version = 0;
  readonly #waiting = new Set<() => void>();
  /** Watchers that wait for the next step. Only the end wakes them early. */
  readonly #pausing = new Set<() => void>();

  readonly #followers = new Set<object>();

  constructor(private record: JobRecord) {}

  get current(): JobRecord {
    return this.record;
  }

  get watchers(): number {
    return this.#waiting.size;
  }

  /** Whether a client follows the job and has not left. */
  get isFollowed(): boolean {
    return this.#followers.size > 0;
  }

  publish(record: JobRecord): void {
    // The end is the last event: a later step would make watchers wait for ever.
    if (isTerminalState(this.record.state)) return;
    this.record = record;
    this.#version += 1;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    if (isTerminalState(record.state)) for (const end of this.#pausing) end();
  }

  /** The current job, then each change, until the job ends or the watcher leaves (by `return`, also while it waits). */
  follow(): AsyncIterableIterator<JobRecord, undefined> {
    const follower = {};
    this.#followers.add(follower);
    return leavableIterator(
      (left) => this.#steps(left),
      () => void this.#followers.delete(follower),
    );
  }

  async *#steps(gone: AbortSignal): AsyncGenerator<JobRecord, undefined, undefined> {
    while (!gone.aborted) {
      const seen = this.#version;
      const { record } = this;
      yield record;
      if (isTerminalState(record.state)) return undefined;
      await this.#interval(gone);
      if (seen === this.#version) await this.#change(gone);
    }
    return undefined;
  }

  /** Uses the global setTimeout, which a test can replace; the one of node:timers/promises cannot be replaced. */
  async #interval(gone: AbortSignal): Promise<void> {
    if (gone.aborted || isTerminalState(this.record.state)) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#pausing.delete(end);
        gone.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, MIN_PUBLISH_INTERVAL_MS);
      this.#pausing.add(end);
      gone.addEventListener('abort', end);
    });
  }

  /** Waits for the next change, or until the watcher leaves. */
  async #change(gone: AbortSignal): Promise<void> {
    if (gone.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        gone.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      gone.addEventListener('abort', wake);
    });
  }
}
