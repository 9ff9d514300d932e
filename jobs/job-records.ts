import type { Accounting } from './accounting.js';
import { isTerminalState, isAllowedTransition } from '../datasources/job-store/job-state.js';
import { advanceProgress, type JobRecord } from '../datasources/job-store/job-record.js';
import type { JobQuery, JobStore } from '../datasources/job-store/job-store.js';
import { JobWatch } from './job-watch.js';

export interface JobRecordsOptions {
  readonly store: JobStore;
  /** Absent: jobs cost nothing. */
  readonly accounting?: Accounting | undefined;
  readonly replicaHours: (record: JobRecord) => number | null;
  readonly onError: (error: unknown, job: JobRecord) => void;
  readonly onEnd: OnJobEnd | undefined;
}

/** Told of each end of a job, once, after it is durable. `cause`: what a failure was made of, where its owner is not told all. */
export type OnJobEnd = (job: JobRecord, cause: unknown) => void;

/** The records of jobs as everyone sees them. A change is durable, and its cost counted, before anyone is told of it. */
export class JobRecords {
  readonly #options: JobRecordsOptions;
  readonly #watches = new Map<string, JobWatch>();
  readonly #changes = new Set<Promise<JobRecord>>();

  constructor(options: JobRecordsOptions) {
    this.#options = options;
  }

  async get(id: string): Promise<JobRecord | undefined> {
    return this.#watches.get(id)?.current ?? this.#options.store.get(id);
  }

  /** A record from the store, as it is now: what its handler reported since then is not kept. */
  current(stored: JobRecord): JobRecord {
    return this.#watches.get(stored.id)?.current ?? stored;
  }

  /** Waits for changes on their way: one that is kept and not yet told would be filtered as it is and shown as it was. */
  async list(query: JobQuery): Promise<JobRecord[]> {
    await Promise.allSettled(this.#changes);
    const records = await this.#options.store.list(query);
    return records.map((record) => this.current(record));
  }

  /** The watch of a job that is followed; undefined when nobody is, or it has ended. */
  watch(id: string): JobWatch | undefined {
    return this.#watches.get(id);
  }

  /** The one watch of a job; one that has ended needs none to be kept. */
  ensureWatch(record: JobRecord): JobWatch {
    const watch = this.#watches.get(record.id) ?? new JobWatch(record);
    if (!isTerminalState(record.state)) this.#watches.set(record.id, watch);
    return watch;
  }

  /** Changes a record durably, by legal transitions only, and tells the watchers. `cause`: of an end that it may bring. */
  change(id: string, change: (record: JobRecord) => JobRecord, cause?: unknown): Promise<JobRecord> {
    const changed = this.#persistAndPublish(id, change, cause).finally(() => this.#changes.delete(changed));
    this.#changes.add(changed);
    return changed;
  }

  /** Once for each job: the store gives an ended job that is not settled to the next process. */
  async settle(record: JobRecord): Promise<JobRecord> {
    const { accounting, store, onError, replicaHours } = this.#options;
    if (!accounting || record.cost?.isSettled !== false) return record;
    try {
      await accounting.settle(record, replicaHours(record));
      return await store.update(record.id, (job) => ({ ...job, cost: job.cost && { ...job.cost, isSettled: true } }));
    } catch (error) {
      // The job itself has ended as it did; its estimate stays held against the budget.
      onError(error, record);
      return record;
    }
  }

  async #persistAndPublish(id: string, change: (record: JobRecord) => JobRecord, cause: unknown): Promise<JobRecord> {
    const end = { isNew: false };
    const changed = await this.#options.store.update(id, (current) => {
      const next = change(current);
      if (next.state !== current.state && !isAllowedTransition(current.state, next.state)) return current;
      end.isNew = !isTerminalState(current.state) && isTerminalState(next.state);
      return next;
    });
    if (end.isNew) this.#options.onEnd?.(changed, cause);
    // Before the watchers hear of the end: what they estimate or start next counts what this cost.
    const record = isTerminalState(changed.state) ? await this.settle(changed) : changed;
    const watch = this.#watches.get(id);
    // What was reported since the last checkpoint stands until the end: progress does not go back before its watchers.
    watch?.publish(
      isTerminalState(record.state)
        ? record
        : { ...record, progress: advanceProgress(record.progress, watch.current.progress) },
    );
    if (isTerminalState(record.state)) this.#watches.delete(id);
    return record;
  }
}
