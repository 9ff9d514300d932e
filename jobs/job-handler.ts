import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { QueryPayer } from '../datasources/offline/query-payer.js';
import type { JobError, JobProgress, JobRecord } from '../datasources/job-store/job-record.js';
import type { JobState } from '../datasources/job-store/job-state.js';
import type { Instant } from '../values/instant.js';
import type { JobRequest } from './job-request.js';
import type { JobType } from './job-type.js';

/**
 * Plans, runs and finalizes one kind of job. The engine uses a kind only through its handler. `Spec` is the request,
 * `Checkpoint` is the durable progress, and `Result` is the outcome. docs/adding-a-job-kind.md lists the files that a
 * new kind needs.
 */
export interface JobHandler<
  Request extends JobRequest = JobRequest,
  Spec = unknown,
  Checkpoint = unknown,
  Result = unknown,
> {
  readonly type: JobType<Spec, Checkpoint, Result>;

  /**
   * Whether an external service does the work and this process only watches it: such a job does not count as running on
   * this machine.
   */
  readonly isRemote?: boolean;

  /**
   * Why only the gateway that started such a job can run it and read its result: both are on the disk of its machine. If
   * several gateways share their jobs, a request for one is refused with this. Absent: every gateway can.
   */
  readonly boundToMachine?: { readonly field: string; readonly message: string } | undefined;

  /** Plans a request. Throws for an invalid request; starts nothing. */
  plan(request: Request): Promise<JobPlan<Spec>>;

  /**
   * The part of a spec that the client requested: requests with one idempotency key must be equal in it. Absent: the
   * whole spec.
   */
  requested?(spec: Spec): unknown;

  /**
   * Does the work. The engine may call it several times for one job; each call continues from the last checkpoint. It
   * resolves with the outcome, and throws JobFailure to fail the job with a reason. When the signal's reason is
   * 'cancel', it stores the partial result and resolves with CANCELLED. When the reason is 'stop' (the process ends),
   * it drops everything after the last checkpoint and rejects with any error. The signal may already be aborted when
   * the run begins: the job was being cancelled when its process ended.
   */
  run(job: JobRecord<Spec, Checkpoint, Result>, control: JobControl<Checkpoint>): Promise<JobOutcome<Result>>;

  /**
   * Finalizes a job that will not run again, and returns the partial result. The engine may call it twice for one job.
   * `how` is the end state of the job. It throws JobFailure when it cannot finalize; the job then ends with that
   * failure. Absent: the job left nothing.
   */
  finalize?(job: JobRecord<Spec, Checkpoint, Result>, how: 'CANCELLED' | JobError): Promise<PartialResult<Result>>;

  /**
   * The hours of all replicas that a job has used so far, or in all; null when unknown. Absent: such jobs use no
   * replicas.
   */
  replicaHours?(job: JobRecord<Spec, Checkpoint, Result>, now: Instant): number | null;

  /**
   * As replicaHours, while the job runs: with an estimate where the service that does the work reports late or never.
   * Decides whether the job has cost more than it may. Absent: replicaHours.
   */
  replicaHoursSoFar?(job: JobRecord<Spec, Checkpoint, Result>, now: Instant): number | null;
}

/** A job before it is stored. */
export interface JobPlan<Spec> {
  readonly displayName: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Spec;
  /** JobRecord.target. */
  readonly target?: string;
  /**
   * Throws to refuse impossible work; runs before the job is stored. It does not run for a used idempotency key: the
   * job exists, and its requirements (an input that was deleted since, an empty output folder) may no longer hold.
   */
  readonly check?: () => Promise<void>;
  /** The work for the estimate, computed after `check`. Absent: the job uses nothing that has a price. */
  readonly work?: () => Promise<JobWork>;
}

/** The methods by which a handler controls the job that it runs. */
export interface JobControl<Checkpoint = unknown> {
  readonly signal: AbortSignal;

  /** Pays for the queries of the job in warehouses: pass it to every read that the job needs. */
  readonly payer: QueryPayer;

  /** Aborts when the process ends, also for a job that is being cancelled, whose `signal` is already aborted. */
  readonly stopping: AbortSignal;

  /** Reports that preparation is over and the work begins. */
  running(total: bigint | null): Promise<void>;

  /** The state of external work, which may wait or be paused. Only the outcome reports end states. */
  state(state: JobState, total: bigint | null): Promise<void>;

  /** Reports progress to watchers. Cheap, not durable. */
  report(progress: JobProgress): void;

  /** Stores progress durably: everything that `checkpoint` refers to must be on disk before. */
  checkpoint(checkpoint: Checkpoint, progress: JobProgress): Promise<void>;
}

/**
 * The outcome of a job. A job that failed after it wrote something returns its partial result; other failures throw.
 */
export type JobOutcome<Result = unknown> = PartialResult<Result> &
  (
    | { readonly state: 'SUCCEEDED' | 'PARTIALLY_SUCCEEDED' | 'CANCELLED' }
    | {
        readonly state: 'FAILED' | 'EXPIRED';
        readonly error: JobError;
        /** The cause of the error, for the log. */
        readonly cause?: unknown;
      }
  );

/** The result or partial result of a job at its end. */
export interface PartialResult<Result = unknown> {
  readonly result: Result | null;
  readonly progress: JobProgress;
}

/** Why the signal of a run was aborted. */
export type StopReason = 'cancel' | 'stop';

/** undefined while a run continues. */
export function stopReason({ aborted, reason }: AbortSignal): StopReason | undefined {
  return aborted ? (reason as StopReason) : undefined;
}
