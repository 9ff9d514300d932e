import type { CostEstimate } from '../costs/cost-estimate.js';
import type { StoredEstimate } from '../costs/stored-estimate.js';
import type { JobRecord } from './job.js';
import type { JobRequest } from './new-job.js';

/** What a job would use, for an estimate of its cost. */
export type JobWork = BatchWork | ScanWork;

/** Batches of rows on replicas. */
export interface BatchWork {
  readonly kind: 'BATCHES';
  readonly model: string;
  /** null: nobody knows before they are read. */
  readonly rows: bigint | null;
  readonly batchSize: number;
  readonly startingReplicaCount: number;
  /** null: the one machine there is. */
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  /** By id or name; null: the one of the configuration. */
  readonly priceBook: string | null;
}

/** A query of an offline store. */
export interface ScanWork {
  readonly kind: 'SCAN';
  /** At most, in all. */
  readonly bytes: bigint;
  /** How often each source is scanned; absent in a job of before this was counted. */
  readonly scans?: number;
  /** By id or name; null: the one of the configuration. */
  readonly priceBook: string | null;
}

/** What is kept of a job's cost: no part of what was asked for, so that the same request stays the same. */
export interface JobCost {
  readonly work: JobWork;
  readonly estimate: StoredEstimate;
  /** Of the guard (prices/cost-guard.ts). */
  readonly admission: string;
  /** Whether the real cost has taken the place of the estimate. Until then the job is not done with, though it has ended. */
  readonly isSettled: boolean;
}

/** What the engine asks of costs. Nothing here depends on what a kind of job does. */
export interface JobCosts {
  /** Admits a job or throws COST_OVER_LIMIT with the estimate. null for a job that uses nothing with a price. */
  admit(request: JobRequest): Promise<JobCost | null>;

  /** Gives back what was admitted for a job that is not begun after all. */
  release(cost: JobCost): Promise<void>;

  /** Keeps what a job that has ended really cost. Again changes nothing: it is told again when a process ended in between. */
  settle(job: JobRecord, replicaHours: number | null): Promise<void>;

  /** What a job has cost by the replica hours it used; null when nobody says how many, or it is not priced by them. */
  costSoFar(cost: JobCost, replicaHours: number | null): CostEstimate | null;

  /** The estimate of a job as it was made before the job began. */
  estimatedCost(cost: JobCost): CostEstimate;
}
