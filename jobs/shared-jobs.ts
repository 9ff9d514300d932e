import { setTimeout as pause } from 'node:timers/promises';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import type { JobHandlers } from './job-handlers.js';
import type { JobRecords } from './job-records.js';
import type { JobScheduler } from './job-scheduler.js';

export interface SharedJobsOptions {
  readonly store: JobStore;
  readonly records: JobRecords;
  readonly handlers: JobHandlers;
  readonly scheduler: JobScheduler;
  /** The store did not answer. It is asked again; this is called once, until it answers. */
  readonly onError: (error: unknown) => void;
}

/** Jobs without an owner are looked for less often than those that a client watches. */
const LOOKS_PER_CLAIM = 3;

/**
 * Looks in the store for what other processes did: jobs that no gateway runs, cancellations of jobs that run here, and the
 * progress of jobs that run elsewhere and are watched here.
 */
export class SharedJobs {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #isUnanswered = false;

  constructor(private readonly options: SharedJobsOptions) {}

  start(everyMs: number): void {
    this.#running = this.#repeat(everyMs);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Takes the jobs that no gateway runs, and settles the cost of those that ended while their process did. */
  async takeUnclaimed(): Promise<void> {
    const { store, records, handlers, scheduler } = this.options;
    for (const record of await store.listUnclaimed()) {
      if (isTerminalState(record.state)) await records.settle(record);
      // During a rolling deploy, this gateway may lack the handler or the shared files: the others run the job.
      else if (store.lookEveryMs === null || handlers.canTake(record)) scheduler.add(record);
    }
  }

  async #repeat(everyMs: number): Promise<void> {
    const options = { signal: this.#stopping.signal, ref: false };
    for (let turn = 0; await pause(everyMs, true, options).catch(() => false); turn += 1) {
      try {
        await this.#look(turn);
        this.#isUnanswered = false;
      } catch (error) {
        if (!this.#isUnanswered) this.options.onError(error);
        this.#isUnanswered = true;
      }
    }
  }

  async #look(turn: number): Promise<void> {
    const { store, records, scheduler } = this.options;
    for (const { id, state } of await store.getAll(scheduler.runningIds)) {
      if (state === 'CANCELLING') scheduler.cancel(id);
    }
    await records.followOthers();
    if (turn % LOOKS_PER_CLAIM === 0) await this.takeUnclaimed();
  }
}
