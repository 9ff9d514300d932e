import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { JobError, JobProgress, JobRecord } from '../datasources/job-store/job-record.js';
import type { JobState } from '../datasources/job-store/job-state.js';
import type { Instant } from '../values/instant.js';
import type { JobRequest } from './job-request.js';
import type { JobType } from './job-type.js';

/**
 * How one kind of job is planned, done and ended. The engine knows a kind by its handler only. `Spec` is what was asked
 * for, `Checkpoint` how far the job got in a way that survives the process, `Result` what came of it.
 * docs/adding-a-job-kind.md lists the files that a new kind needs.
 */
export interface JobHandler<
  Request extends JobRequest = JobRequest,
  Spec = unknown,
  Checkpoint = unknown,
  Result = unknown,
> {
  readonly type: JobType<Spec, Checkpoint, Result>;

  /** Whether the work is done elsewhere and only watched from here: it takes no place of those that run on this machine. */
  readonly isRemote?: boolean;

  /** What a request would do. Throws what the request alone shows to be wrong; nothing is begun. */
  plan(request: Request): Promise<JobPlan<Spec>>;

  /** What of a spec the client asked for: requests with one idempotency key must agree in it. Absent: all of the spec. */
  requested?(spec: Spec): unknown;

  /**
   * Does the work. It may be run several times for one job: each time it goes on from the last checkpoint. Resolves with
   * how the job ended; throws JobFailure to fail it with a reason. When the signal says 'cancel' it keeps what there is and
   * resolves with CANCELLED; when it says 'stop' (the process ends) it drops everything after the last checkpoint and
   * rejects, with whatever error. The signal may have said so already when the run begins: a job that was being cancelled
   * when its process ended.
   */
  run(job: JobRecord<Spec, Checkpoint, Result>, control: JobControl<Checkpoint>): Promise<JobOutcome<Result>>;

  /**
   * Puts in order what a job left that will not be run again, and says what there is. It may be called twice for one job.
   * `how` is how the job ends. Throws JobFailure when it cannot, to end the job with that instead. Absent: it left nothing.
   */
  finalize?(job: JobRecord<Spec, Checkpoint, Result>, how: 'CANCELLED' | JobError): Promise<PartialResult<Result>>;

  /**
   * The hours of all replicas that a job has used until now, or in all; null when nobody says. Absent: such jobs use no
   * replicas.
   */
  replicaHours?(job: JobRecord<Spec, Checkpoint, Result>, now: Instant): number | null;
}

/** A job before it is kept. */
export interface JobPlan<Spec> {
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Spec;
  /** JobRecord.target. */
  readonly target?: string;
  /**
   * Refuses what cannot be done by throwing; run before the job is kept. Not run for a key that was used before: the job
   * is there, and what it needed (an input since deleted, an empty output folder) may not be.
   */
  readonly check?: () => Promise<void>;
  /** What the job would use, asked after `check`. Absent: nothing that has a price. */
  readonly work?: () => Promise<JobWork>;
}

/** What a handler may say and ask of the job that it runs. */
export interface JobControl<Checkpoint = unknown> {
  readonly signal: AbortSignal;

  /** Aborted when the process ends, also for a job that is being cancelled, whose `signal` has said so already. */
  readonly stopping: AbortSignal;

  /** Says that preparation is over and the work itself begins. */
  running(total: bigint | null): Promise<void>;

  /** The state of work that goes on elsewhere: it may wait or be paused there. End states come by the outcome alone. */
  state(state: JobState, total: bigint | null): Promise<void>;

  /** Tells watchers how far it is. Not durable, cheap. */
  report(progress: JobProgress): void;

  /** Makes durable how far it is: what `checkpoint` speaks of must be on disk before. */
  checkpoint(checkpoint: Checkpoint, progress: JobProgress): Promise<void>;
}

/** How a job ended. One that failed after it had written something says here what there is; others throw. */
export type JobOutcome<Result = unknown> = PartialResult<Result> &
  (
    | { readonly state: 'SUCCEEDED' | 'PARTIALLY_SUCCEEDED' | 'CANCELLED' }
    | {
        readonly state: 'FAILED' | 'EXPIRED';
        readonly error: JobError;
        /** What the error was made of, for the log. */
        readonly cause?: unknown;
      }
  );

/** What there is of a job at its end. */
export interface PartialResult<Result = unknown> {
  readonly result: Result | null;
  readonly progress: JobProgress;
}

/** Why the signal of a run was aborted. */
export type StopReason = 'cancel' | 'stop';

/** undefined as long as a run is to go on. */
export function stopReason({ aborted, reason }: AbortSignal): StopReason | undefined {
  return aborted ? (reason as StopReason) : undefined;
}
