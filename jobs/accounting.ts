import type { JobCost, JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { CostTerms } from './job-request.js';

/**
 * The port through which the engine charges jobs (costs/job-accounting.ts implements it). It does not depend on any job
 * kind.
 */
export interface Accounting {
  /** Admits work or throws COST_OVER_LIMIT with the estimate. */
  admit(work: JobWork, terms: CostTerms): Promise<JobCost>;

  /** Releases the reserved amount of work that did not start. */
  release(cost: JobCost): Promise<void>;

  /** Charges the estimate, for work whose usage is not measured. */
  chargeEstimate(cost: JobCost): Promise<void>;

  /**
   * Charges the actual cost of a job that has ended. A second call for a job changes nothing, because the process may
   * end between the charge and its record.
   */
  settle(job: JobRecord, replicaHours: number | null): Promise<void>;
}
