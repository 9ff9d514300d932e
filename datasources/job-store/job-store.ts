import type { Instant } from '../../values/instant.js';
import { isTerminalState, type JobState } from './job-state.js';
import type { JobRecord } from './job-record.js';
import type { IdempotencyKey } from './unique-key.js';

/** The store of job records. A resolved change is durable: a job is acknowledged only when it cannot be lost. */
export interface JobStore {
  /**
   * Stores a new job. If its idempotency key or its external id was used before (toUniqueKey), it stores nothing and
   * returns the earlier job: the same key never starts a second job, also when two requests with it race.
   */
  create(record: JobRecord): Promise<JobRecord>;

  /** The job that was started with an idempotency key. */
  findByIdempotencyKey(key: IdempotencyKey): Promise<JobRecord | undefined>;

  /**
   * Changes a record in one atomic step; returns the new record. `change` may run again, so it must have no side
   * effects.
   */
  update(id: string, change: (record: JobRecord) => JobRecord): Promise<JobRecord>;

  get(id: string): Promise<JobRecord | undefined>;

  /** Newest first. */
  list(query: JobQuery): Promise<JobRecord[]>;

  /** Unfinished jobs (see isDone), oldest first. */
  listUnfinished(): Promise<JobRecord[]>;

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
