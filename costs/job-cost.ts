import type { JobCost } from '../datasources/job-store/job-cost.js';
import type { CostEstimate } from './cost-estimate.js';
import type { CostEstimator } from './cost-estimator.js';
import { priceBookId } from './price-book.js';
import { fromStoredEstimate } from './stored-estimate.js';

/** The estimate of a job before it started. */
export function jobCostEstimate({ books }: CostEstimator, { estimate }: JobCost): CostEstimate {
  return fromStoredEstimate(estimate, books);
}

/** The cost of a job by its replica hours or by what its queries were billed; null when they are unknown. */
export function jobCostSoFar(
  estimator: CostEstimator,
  { work, estimate, billedBytes }: JobCost,
  replicaHours: number | null,
): CostEstimate | null {
  // Uses the edition of the estimate, so that the two are comparable. If that edition no longer exists, there is no
  // price.
  const priceBook = priceBookId(estimate.book);
  if (!estimator.books.all.some((book) => priceBookId(book) === priceBook)) return null;
  if (work.kind === 'SCAN') return billedBytes === undefined ? null : estimator.billedSoFar({ billedBytes, priceBook });
  return replicaHours === null ? null : estimator.costSoFar({ ...work, replicaHours, priceBook });
}
