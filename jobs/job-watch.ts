import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** A watcher is told of progress at most this often, however fast the work goes. The end does not wait, and is never left out. */
const MIN_PUBLISH_INTERVAL_MS = 250;

/**
 * One job as its watchers see it. There is one of these a job, however many watch: the work tells it once, and each
 * watcher takes the newest record when it is ready for one. A slow watcher misses steps in between, and nothing queues up
 * for it.
 */
export class JobWatch {
  #version = 0;
  readonly #waiting = new Set<() => void>();
  /** Watchers between two steps. Only the end calls them back before their time. */
  readonly #pausing = new Set<() => void>();

  constructor(private record: JobRecord) {}

  get current(): JobRecord {
    return this.record;
  }

  get watchers(): number {
    return this.#waiting.size;
  }

  publish(record: JobRecord): void {
    // The end is the last thing there is to tell: a step that arrives after it would leave watchers waiting for ever.
    if (isTerminalState(this.record.state)) return;
    this.record = record;
    this.#version += 1;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    if (isTerminalState(record.state)) for (const end of this.#pausing) end();
  }

  /** The job now, then as it changes, until it has ended or the watcher goes (by `return`, also while it waits). */
  follow(): AsyncIterableIterator<JobRecord, undefined> {
    const gone = new AbortController();
    const steps = this.#steps(gone.signal);
    const followed: AsyncIterableIterator<JobRecord, undefined> = {
      next: () => steps.next(),
      return: async () => {
        gone.abort();
        return steps.return(undefined);
      },
      [Symbol.asyncIterator]: () => followed,
    };
    return followed;
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

  /** The global setTimeout, which a test can put its own in place of; that of node:timers/promises it cannot. */
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

  /** Waits for the next change, or for the watcher to go. */
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
