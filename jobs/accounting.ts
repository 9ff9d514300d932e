import type { JobCost, JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { CostTerms } from './job-request.js';

/** What the engine asks of costs (costs/job-accounting.ts implements it). Nothing here depends on what a kind of job does. */
export interface Accounting {
  /** Admits work or throws COST_OVER_LIMIT with the estimate. */
  admit(work: JobWork, terms: CostTerms): Promise<JobCost>;

  /** Gives back what was admitted for work that is not begun after all. */
  release(cost: JobCost): Promise<void>;

  /** Charges the estimate, for work of which nobody counts what it used. */
  chargeEstimate(cost: JobCost): Promise<void>;

  /** Charges what a job that has ended really cost. A second call for a job changes nothing: a process may end in between. */
  settle(job: JobRecord, replicaHours: number | null): Promise<void>;
}
