import type { Instant } from '../values/instant.js';
import type { JobError, JobProgress, JobRecord } from '../datasources/job-store/job-record.js';
import type { JobState } from '../datasources/job-store/job-state.js';

/** How one kind of job is done. It may be run several times for one job: each time it goes on from the last checkpoint. */
export interface JobRunner {
  readonly kind: string;

  /**
   * Does the work. Resolves with how it ended; throws JobFailure to fail the job with a reason. When the signal says
   * 'cancel' it keeps what there is and resolves with CANCELLED; when it says 'stop' (the process ends) it drops
   * everything after the last checkpoint and rejects, with whatever error. The signal may have said so already when the
   * run begins: a job that was being cancelled when its process ended.
   */
  run(job: JobRecord, control: JobControl): Promise<JobOutcome>;

  /**
   * Puts in order what a job left that will not be run again, and says what there is. It may be done twice. `how` is how
   * the job ends: without having been run any more, since it never got further than the end of its process. Throws
   * JobFailure when it cannot, to end the job with that instead.
   */
  finalize?(job: JobRecord, how: 'CANCELLED' | JobError): Promise<PartialResult>;

  /**
   * Whether the work is done elsewhere and only watched from here: then it takes no place of those that run on this
   * machine. Absent: it never is.
   */
  isRemote?(job: JobRecord): boolean;

  /**
   * The hours of all replicas that a job has used until now, or in all; null when nobody says. Absent: such jobs use no
   * replicas.
   */
  replicaHours?(job: JobRecord, now: Instant): number | null;
}

export interface JobControl {
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
  checkpoint(checkpoint: unknown, progress: JobProgress): Promise<void>;
}

/** How a job ended. One that failed after it had put something down says here what there is; others throw. */
export type JobOutcome = PartialResult &
  (
    | { readonly state: 'SUCCEEDED' | 'PARTIALLY_SUCCEEDED' | 'CANCELLED' }
    | { readonly state: 'FAILED' | 'EXPIRED'; readonly error: JobError }
  );

/** What there is of a job at its end. */
export interface PartialResult {
  readonly result: unknown;
  readonly progress: JobProgress;
}

/** Why a runner's signal was aborted. */
export type StopReason = 'cancel' | 'stop';

/** undefined as long as a runner is to go on. */
export function stopReason({ aborted, reason }: AbortSignal): StopReason | undefined {
  return aborted ? (reason as StopReason) : undefined;
}
