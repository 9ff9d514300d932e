import type { JobCost, JobWork } from '../datasources/job-store/job-cost.js';
import type { QueryReference } from '../datasources/offline/query-payer.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { CostTerms } from './job-request.js';

export interface QueryLimit {
  readonly bytes: bigint;
  readonly excess: string;
}

/**
 * The port through which the engine charges jobs (costs/job-accounting.ts implements it). It does not depend on any job
 * kind.
 */
export interface Accounting {
  /** Admits work or throws COST_OVER_LIMIT with the estimate. */
  admit(work: JobWork, terms: CostTerms): Promise<JobCost>;

  /** The same for work without a record: after a crash, the bills of its queries are found by what `begin` noted. */
  admitAtOnce(work: JobWork, terms: CostTerms): Promise<JobCost>;

  /** Notes a query of work without a record before it starts. */
  begin(cost: JobCost, query: QueryReference): Promise<void>;

  /** Releases the reserved amount of work that did not start. */
  release(cost: JobCost): Promise<void>;

  /** Charges work that was done without a record: what its queries were billed, or its estimate where that is unknown. */
  charge(cost: JobCost): Promise<void>;

  /** Why a job must be cancelled for its cost so far, for its owner; null while it need not. */
  findExcess(job: JobRecord, replicaHours: number | null): string | null;

  /** The most that the next query of work may be billed, in bytes, and the sentence for one that costs more. null: no limit. */
  queryLimit(cost: JobCost): QueryLimit | null;

  /**
   * Charges the actual cost of a job that has ended. A second call for a job changes nothing, because the process may
   * end between the charge and its record.
   */
  settle(job: JobRecord, replicaHours: number | null): Promise<void>;
}
