import type { Instant } from '../../values/instant.js';
import { isTerminalState, type JobState } from './job-state.js';
import type { JobRecord } from './job-record.js';
import type { IdempotencyKey } from './unique-key.js';

/** Where job records live. What has been resolved is durable: a job is acknowledged only when it cannot be lost. */
export interface JobStore {
  /**
   * Keeps a new job. When its idempotency key or its external id was used before (toUniqueKey), nothing is kept and the
   * job of that time is given: the same key never starts a second job, also when two requests with it race.
   */
  create(record: JobRecord): Promise<JobRecord>;

  /** The job that was started with an idempotency key. */
  findByIdempotencyKey(key: IdempotencyKey): Promise<JobRecord | undefined>;

  /** Changes a record in one atomic step; gives the new one. `change` may be run again and must have no effects. */
  update(id: string, change: (record: JobRecord) => JobRecord): Promise<JobRecord>;

  get(id: string): Promise<JobRecord | undefined>;

  /** The newest first. */
  list(query: JobQuery): Promise<JobRecord[]>;

  /** Jobs that are not done with (isDone), the oldest first. */
  listUnfinished(): Promise<JobRecord[]>;

  close(): Promise<void>;
}

export interface JobQuery {
  readonly filter: JobFilter;
  /** Only jobs older than this one: where the page before ended. */
  readonly before: string | null;
  readonly limit: number;
}

/** All conditions must hold; an absent one always does. */
export interface JobFilter {
  readonly kinds?: readonly string[] | undefined;
  readonly states?: readonly JobState[] | undefined;
  /** JobRecord.target. The jobs of one are found without a look at all others. */
  readonly target?: string | undefined;
  /** Every one of these labels with its value. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Inclusive. */
  readonly createdFrom?: Instant | undefined;
  /** Inclusive. */
  readonly createdTo?: Instant | undefined;
}

/** Whether nothing more is to be done for a job: it has ended, and what it cost is settled. */
export function isTerminalAndSettled({ state, cost }: JobRecord): boolean {
  return isTerminalState(state) && (cost?.isSettled ?? true);
}

export function matchesFilter(record: JobRecord, filter: JobFilter): boolean {
  return (
    (filter.kinds?.includes(record.kind) ?? true) &&
    (filter.states?.includes(record.state) ?? true) &&
    (filter.target === undefined || record.target === filter.target) &&
    Object.entries(filter.labels ?? {}).every(([key, value]) => record.labels[key] === value) &&
    (filter.createdFrom === undefined || record.createdAt >= filter.createdFrom) &&
    (filter.createdTo === undefined || record.createdAt <= filter.createdTo)
  );
}
