import { isDeepStrictEqual } from 'node:util';
import type { Accounting } from './accounting.js';
import type { JobLease } from '../datasources/job-store/job-lease.js';
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

export interface ChangeTerms {
  /** The right by which an attempt changes its job. Absent: the change of any gateway, such as a cancellation. */
  readonly lease?: JobLease;
  /** The cause of an end, for the log. */
  readonly cause?: unknown;
}

/** The shared records of jobs. A change is durable, and its cost charged, before anyone is notified. */
export class JobRecords {
  readonly #options: JobRecordsOptions;
  readonly #watches = new Map<string, JobWatch>();
  readonly #changes = new Set<Promise<JobRecord>>();
  /** The jobs that run in this process: it alone knows their progress since the last write. */
  readonly #running = new Set<string>();

  constructor(options: JobRecordsOptions) {
    this.#options = options;
  }

  async get(id: string): Promise<JobRecord | undefined> {
    return (this.#running.has(id) ? this.#watches.get(id)?.current : undefined) ?? this.#options.store.get(id);
  }

  /** A record from the store with its current progress: the handler's reports since the last write are not stored. */
  current(stored: JobRecord): JobRecord {
    return (this.#running.has(stored.id) ? this.#watches.get(stored.id)?.current : undefined) ?? stored;
  }

  /** From now on, this process knows more of the job than the store; until `endRun`. */
  beginRun(record: JobRecord): void {
    this.#running.add(record.id);
    this.ensureWatch(record);
  }

  endRun(id: string): void {
    this.#running.delete(id);
  }

  /** Tells the watchers of jobs that run in other processes what the store has of them. */
  async followOthers(): Promise<void> {
    const ids: string[] = [];
    for (const [id, watch] of this.#watches) {
      if (this.#running.has(id)) continue;
      if (watch.isFollowed) ids.push(id);
      else this.#watches.delete(id);
    }
    for (const stored of await this.#options.store.getAll(ids)) {
      const watch = this.#watches.get(stored.id);
      if (!watch || this.#running.has(stored.id)) continue;
      publishIfNew(watch, stored);
      if (isTerminalState(stored.state)) this.#watches.delete(stored.id);
    }
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

  /** The watch of a watched job; undefined when it is not watched or has ended. */
  watch(id: string): JobWatch | undefined {
    return this.#watches.get(id);
  }

  /** The single watch of a job; the watch of an ended job is not cached. */
  ensureWatch(record: JobRecord): JobWatch {
    const watch = this.#watches.get(record.id) ?? new JobWatch(record);
    if (!this.#running.has(record.id)) publishIfNew(watch, record);
    if (!isTerminalState(record.state)) this.#watches.set(record.id, watch);
    return watch;
  }

  /** Changes a record durably, by legal transitions only, and notifies the watchers. */
  change(id: string, change: (record: JobRecord) => JobRecord, terms: ChangeTerms = {}): Promise<JobRecord> {
    const changed = this.#persistAndPublish(id, change, terms).finally(() => this.#changes.delete(changed));
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

  async #persistAndPublish(
    id: string,
    change: (record: JobRecord) => JobRecord,
    { lease, cause }: ChangeTerms,
  ): Promise<JobRecord> {
    const end = { isNew: false };
    const changeLegally = (current: JobRecord): JobRecord => {
      // The store may run this again for a newer record.
      end.isNew = false;
      if (isTerminalState(current.state)) return current;
      const next = change(current);
      if (next.state !== current.state && !isAllowedTransition(current.state, next.state)) return current;
      end.isNew = isTerminalState(next.state);
      return next;
    };
    const changed = await this.#options.store.update(id, changeLegally, lease);
    if (end.isNew) this.#options.onEnd?.(changed, cause);
    // Runs before watchers learn of the end, so that their next estimate or start includes this cost.
    const record = isTerminalState(changed.state) ? await this.settle(changed) : changed;
    const watch = this.#watches.get(id);
    if (watch) publish(watch, record);
    if (isTerminalState(record.state)) this.#watches.delete(id);
    return record;
  }
}

/** Reports since the last checkpoint stay valid until the end: progress must not go back before its watchers. */
function publish(watch: JobWatch, record: JobRecord): void {
  watch.publish(withProgressOf(watch, record));
}

function publishIfNew(watch: JobWatch, stored: JobRecord): void {
  if (!isDeepStrictEqual(withProgressOf(watch, stored), watch.current)) publish(watch, stored);
}

function withProgressOf(watch: JobWatch, record: JobRecord): JobRecord {
  if (isTerminalState(record.state)) return record;
  return { ...record, progress: advanceProgress(record.progress, watch.current.progress) };
}
