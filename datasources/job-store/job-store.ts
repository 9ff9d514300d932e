import type { Instant } from '../../values/instant.js';
import { isTerminalState, type JobState } from './job-state.js';
import type { JobLease, SchedulesLease } from './job-lease.js';
import type { JobRecord } from './job-record.js';
import type { IdempotencyKey } from './unique-key.js';

/** The store of job records. A resolved change is durable: a job is acknowledged only when it cannot be lost. */
export interface JobStore {
  /**
   * How often to look for changes of other processes, in milliseconds. null: this process makes all changes, and the
   * unfinished jobs of the last one are its own.
   */
  readonly lookEveryMs: number | null;

  /**
   * Stores a new job. If its idempotency key or its external id was used before (toUniqueKey), it stores nothing and
   * returns the earlier job: the same key never starts a second job, also when two requests with it race.
   */
  create(record: JobRecord): Promise<JobRecord>;

  /** The job that was started with an idempotency key. */
  findByIdempotencyKey(key: IdempotencyKey): Promise<JobRecord | undefined>;

  /**
   * Changes a record in one atomic step; returns the new record. `change` may run again, so it must have no side
   * effects. With a lease, it throws LeaseLost and changes nothing once another process has claimed the job.
   */
  update(id: string, change: (record: JobRecord) => JobRecord, lease?: JobLease): Promise<JobRecord>;

  /**
   * Makes this process the owner of an unfinished job. null: it has an owner that lives, possibly this process, or it is
   * finished, or there is no such job. A job has one owner at a time.
   */
  claim(id: string): Promise<JobLease | null>;

  /** Ends a lease, so that another process need not wait for it. A lease that was lost stays lost. */
  release(lease: JobLease): Promise<void>;

  /** Makes this process the keeper of the schedules; null when another one that lives is. */
  claimSchedules(): Promise<SchedulesLease | null>;

  get(id: string): Promise<JobRecord | undefined>;

  /** The jobs that exist, in any order. */
  getAll(ids: readonly string[]): Promise<JobRecord[]>;

  /** Newest first. */
  list(query: JobQuery): Promise<JobRecord[]>;

  /** Unfinished jobs (see isDone), oldest first. */
  listUnfinished(): Promise<JobRecord[]>;

  /** Unfinished jobs without an owner that lives, oldest first. */
  listUnclaimed(): Promise<JobRecord[]>;

  close(): Promise<void>;
}

export interface JobQuery {
  readonly filter: JobFilter;
  /** Only jobs older than this one: the last job of the previous page. */
  readonly before: string | null;
  readonly limit: number;
}

/** All conditions must hold; an absent condition always holds. */
export interface JobFilter {
  readonly kinds?: readonly string[] | undefined;
  readonly states?: readonly JobState[] | undefined;
  /** JobRecord.target. An index finds the jobs of a target without a scan of all jobs. */
  readonly target?: string | undefined;
  /** All of these labels with their values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Inclusive. */
  readonly createdFrom?: Instant | undefined;
  /** Inclusive. */
  readonly createdTo?: Instant | undefined;
  /** Whether the reader may see a job. A page is full of visible jobs, so its size tells nothing of the others. */
  readonly isVisible?: ((record: JobRecord) => boolean) | undefined;
}

/** Whether a job is finished: it has ended, and its cost is settled. */
export function isTerminalAndSettled({ state, cost }: JobRecord): boolean {
  return isTerminalState(state) && (cost?.isSettled ?? true);
}

/** A changed record. An end is written once: after it, only the cost of a job changes. */
export function changeRecord(record: JobRecord, change: (record: JobRecord) => JobRecord): JobRecord {
  const next = change(record);
  return isTerminalState(record.state) ? { ...record, cost: next.cost } : next;
}

export function matchesFilter(record: JobRecord, filter: JobFilter): boolean {
  return (
    (filter.isVisible?.(record) ?? true) &&
    (filter.kinds?.includes(record.kind) ?? true) &&
    (filter.states?.includes(record.state) ?? true) &&
    (filter.target === undefined || record.target === filter.target) &&
    Object.entries(filter.labels ?? {}).every(([key, value]) => record.labels[key] === value) &&
    (filter.createdFrom === undefined || record.createdAt >= filter.createdFrom) &&
    (filter.createdTo === undefined || record.createdAt <= filter.createdTo)
  );
}
