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

/**
 * Receives each end of a job, once, after it is durable. `cause` is the cause of a failure, where the owner does not
 * get it.
 */
export type OnJobEnd = (job: JobRecord, cause: unknown) => void;

/** The shared records of jobs. A change is durable, and its cost charged, before anyone is notified. */
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

  /** A record from the store with its current progress: the handler's reports since the last write are not stored. */
  current(stored: JobRecord): JobRecord {
    return this.#watches.get(stored.id)?.current ?? stored;
  }

  /**
   * Waits for pending changes: a change that is stored and not yet published would be filtered by its new state and
   * shown with its old one.
   */
  async list(query: JobQuery): Promise<JobRecord[]> {
    await Promise.allSettled(this.#changes);
    const records = await this.#options.store.list(query);
    return records.map((record) => this.current(record));
  }

  /** The watch of a watched job; undefined when nobody watches it or it has ended. */
  watch(id: string): JobWatch | undefined {
    return this.#watches.get(id);
  }

  /** The single watch of a job; the watch of an ended job is not cached. */
  ensureWatch(record: JobRecord): JobWatch {
    const watch = this.#watches.get(record.id) ?? new JobWatch(record);
    if (!isTerminalState(record.state)) this.#watches.set(record.id, watch);
    return watch;
  }

  /** Changes a record durably, by legal transitions only, and notifies the watchers. `cause`: the cause of an end. */
  change(id: string, change: (record: JobRecord) => JobRecord, cause?: unknown): Promise<JobRecord> {
    const changed = this.#persistAndPublish(id, change, cause).finally(() => this.#changes.delete(changed));
    this.#changes.add(changed);
    return changed;
  }

  /** Settles each job once: the store returns an ended and unsettled job to the next process. */
  async settle(record: JobRecord): Promise<JobRecord> {
    const { accounting, store, onError, replicaHours } = this.#options;
    if (!accounting || record.cost?.isSettled !== false) return record;
    try {
      await accounting.settle(record, replicaHours(record));
      return await store.update(record.id, (job) => ({ ...job, cost: job.cost && { ...job.cost, isSettled: true } }));
    } catch (error) {
      // The end of the job stands; its estimate stays reserved in the budget.
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
    // Runs before watchers learn of the end, so that their next estimate or start includes this cost.
    const record = isTerminalState(changed.state) ? await this.settle(changed) : changed;
    const watch = this.#watches.get(id);
    // Reports since the last checkpoint stay valid until the end: progress must not go back before its watchers.
    watch?.publish(
      isTerminalState(record.state)
        ? record
        : { ...record, progress: advanceProgress(record.progress, watch.current.progress) },
    );
    if (isTerminalState(record.state)) this.#watches.delete(id);
    return record;
  }
}
