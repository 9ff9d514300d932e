import type { JobErrorCode } from '../../errors/job-error-codes.js';
import type { Instant } from '../../values/instant.js';
import type { JobCost } from './job-cost.js';
import type { JobState } from './job-state.js';

/**
 * The record of a job, stored by a JobStore. `Spec` is the request, `Checkpoint` is the durable progress, and `Result`
 * is the outcome. Each handler has its own types, and only the handler reads them.
 */
export interface JobRecord<Spec = unknown, Checkpoint = unknown, Result = unknown> {
  /** Sortable by time of creation. */
  readonly id: string;
  /** The kind of job that clients see. */
  readonly kind: string;
  /** The name of its handler, which alone can read spec, checkpoint and result (jobs/job-type.ts). */
  readonly handler: string;
  readonly state: JobState;
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string | null;
  /** The client's key. Keys of different kinds and creators are different keys. */
  readonly idempotencyKey: string | null;
  readonly createdAt: Instant;
  /** When work first began. */
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly progress: JobProgress;
  readonly error: JobError | null;
  readonly spec: Spec;
  /** null for a job that uses nothing with a price. */
  readonly cost: JobCost | null;
  /**
   * The name of the job's target, by which a filter finds all its jobs (JobFilter.target). Absent: no filter finds it
   * by target.
   */
  readonly target?: string;
  /** The id of work that began outside the gateway, by which it becomes one job. */
  readonly externalId?: string;
  readonly checkpoint: Checkpoint | null;
  readonly result: Result | null;
  /**
   * The number of attempts since the last progress. It is limited, because a job may end its process at each attempt.
   */
  readonly attempts: number;
}

export interface JobProgress {
  readonly completed: bigint;
  readonly failed: bigint;
  /** null while unknown. */
  readonly total: bigint | null;
}

export const NO_PROGRESS: JobProgress = { completed: 0n, failed: 0n, total: null };

/** The greater of two progress values: progress must not go back before its watchers. */
export function advanceProgress(one: JobProgress, other: JobProgress): JobProgress {
  return other.completed + other.failed > one.completed + one.failed ? other : one;
}

/** Why a job failed, for its owner: a code for programs, a message that says what to do. */
export interface JobError {
  readonly code: JobErrorCode;
  readonly message: string;
}
