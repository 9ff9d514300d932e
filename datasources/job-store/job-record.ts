import type { JobErrorCode } from '../../errors/job-error-codes.js';
import type { Instant } from '../../values/instant.js';
import type { JobCost } from './job-cost.js';
import type { JobState } from './job-state.js';

/**
 * A job is data: this record, kept by a JobStore. `Spec` is what was asked for, `Checkpoint` how far it got in a way that
 * survives the process, `Result` what came of it; each handler has its own, and only it looks inside.
 */
export interface JobRecord<Spec = unknown, Checkpoint = unknown, Result = unknown> {
  /** Sortable by time of creation. */
  readonly id: string;
  /** What the job does, as clients see it. */
  readonly kind: string;
  /** The name of its handler, which alone knows what spec, checkpoint and result are (jobs/job-type.ts). */
  readonly handler: string;
  readonly state: JobState;
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string | null;
  /** The client's. Keys of different kinds and creators are different keys. */
  readonly idempotencyKey: string | null;
  readonly createdAt: Instant;
  /** When work began for the first time. */
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly progress: JobProgress;
  readonly error: JobError | null;
  readonly spec: Spec;
  /** null for one that uses nothing with a price. */
  readonly cost: JobCost | null;
  /** A name of what it works on, by which all jobs of that are found (JobFilter.target). Absent: they are not looked for. */
  readonly target?: string;
  /** Of work that was begun outside of the gateway: names it, so that it becomes one job. */
  readonly externalId?: string;
  readonly checkpoint: Checkpoint | null;
  readonly result: Result | null;
  /** How often a process began to work on it since it last got further. A job that kills its process must not do so for ever. */
  readonly attempts: number;
}

export interface JobProgress {
  readonly completed: bigint;
  readonly failed: bigint;
  /** null while it is not known. */
  readonly total: bigint | null;
}

export const NO_PROGRESS: JobProgress = { completed: 0n, failed: 0n, total: null };

/** The one of two that got further: a progress does not go back before its watchers. */
export function advanceProgress(one: JobProgress, other: JobProgress): JobProgress {
  return other.completed + other.failed > one.completed + one.failed ? other : one;
}

/** Why a job failed, for its owner: a code for programs, a message that says what to do. */
export interface JobError {
  readonly code: JobErrorCode;
  readonly message: string;
}
