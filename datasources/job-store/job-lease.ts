import type { Instant } from '../../values/instant.js';

/**
 * The right of one process to run a job. Its changes of the job pass the lease, and the store refuses them once another
 * process has taken the job, also if this process was paused and does not know.
 */
export interface JobLease {
  readonly job: string;
  /** The fencing token: it grows with each claim of the job. */
  readonly token: number;
  /** Aborts when this process may have lost the lease. It stops its work then; another process continues it. */
  readonly lost: AbortSignal;
}

/** The right of one process to keep the schedules of all gateways. */
export interface SchedulesLease {
  /**
   * Up to here, the jobs of all scheduled times were started by the owners of the lease. null: it never had an owner, or
   * the store does not know.
   */
  readonly keptUntil: Instant | null;
  readonly lost: AbortSignal;
  /** Stores that the jobs of all scheduled times up to here were started. Throws LeaseLost. */
  keep(until: Instant): Promise<void>;
  release(): Promise<void>;
}

/** Another process has taken what the lease was for, or may have. Nothing was changed. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
