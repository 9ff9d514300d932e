import type { CostEstimate } from '../costs/cost-estimate.js';
import type { JobCost } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { JobRequest } from './new-job.js';

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
