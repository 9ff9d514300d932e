import { AppError } from '../errors/app-error.js';
import type { Instant } from '../values/instant.js';
import type { JobCost } from './job-costs.js';

/** The states of a job, in the words of Vertex AI. Which may follow which: job-transitions.ts. */
export const JOB_STATES = [
  'QUEUED',
  'PENDING',
  'RUNNING',
  'SUCCEEDED',
  'PARTIALLY_SUCCEEDED',
  'FAILED',
  'CANCELLING',
  'CANCELLED',
  'PAUSED',
  'EXPIRED',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const JOB_KINDS = ['BATCH_PREDICTION', 'TRAINING_SET', 'FEATURE_VIEW_SYNC'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * A job is data: this record, kept by a JobStore. `Spec` is what was asked for, `Checkpoint` how far it got in a way that
 * survives the process, `Result` what came of it; each kind of job has its own, and only its runner looks inside.
 */
export interface JobRecord<Spec = unknown, Checkpoint = unknown, Result = unknown> {
  /** Sortable by time of creation. */
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string | null;
  readonly createdAt: Instant;
  /** When work began for the first time. */
  readonly startedAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly progress: JobProgress;
  readonly error: JobError | null;
  readonly spec: Spec;
  /** null for one that uses nothing with a price. */
  readonly cost: JobCost | null;
  /** What the job is about as it was when it was started, for readers: what it names may be gone. Absent: nothing is kept. */
  readonly subject?: unknown;
  /** A name of what it works on, by which all jobs of that are found (JobFilter.target). Absent: they are not looked for. */
  readonly target?: string;
  readonly checkpoint: Checkpoint | null;
  readonly result: Result | null;
  /** How often a process took it up since it last got further. A job that kills its process must not do so for ever. */
  readonly attempts: number;
}

export interface JobProgress {
  readonly completed: bigint;
  readonly failed: bigint;
  /** null while it is not known. */
  readonly total: bigint | null;
}

export const NO_PROGRESS: JobProgress = { completed: 0n, failed: 0n, total: null };

/** Who asks for a job, and on what terms. */
export interface JobOrigin {
  readonly createdBy: string | null;
  /** The same key never starts a second job; null: each request starts one. */
  readonly idempotencyKey: string | null;
  /** The job is refused when it is estimated above this; absent or null: as much as the budget of the day has. */
  readonly maxCostUsd?: number | null;
}

/** The one of two that got further: a progress does not go back before its watchers. */
export function advanceProgress(one: JobProgress, other: JobProgress): JobProgress {
  return other.completed + other.failed > one.completed + one.failed ? other : one;
}

/** Why a job failed, for its owner: a code for programs, a message that says what to do. */
export interface JobError {
  readonly code: string;
  readonly message: string;
}

/** Thrown by a runner to fail its job with a reason; any other error fails it as INTERNAL, and is logged. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a job's owner is told of an error. Only those meant for clients say what they are. */
export function toJobError(error: unknown): JobError {
  if (error instanceof JobFailure || error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: 'The gateway failed to do this job. Its log has the cause under the job’s id.' };
}
