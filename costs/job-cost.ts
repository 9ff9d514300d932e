import type { JobCost } from '../datasources/job-store/job-cost.js';
import type { CostEstimate } from './cost-estimate.js';
import type { CostEstimator } from './cost-estimator.js';
import { priceBookId } from './price-book.js';
import { fromStoredEstimate } from './stored-estimate.js';

/** The estimate of a job before it started. */
export function jobCostEstimate({ books }: CostEstimator, { estimate }: JobCost): CostEstimate {
  return fromStoredEstimate(estimate, books);
}

/** The cost of a job by its replica hours; null when they are unknown or do not determine its price. */
export function jobCostSoFar(
  estimator: CostEstimator,
  { work, estimate }: JobCost,
  replicaHours: number | null,
): CostEstimate | null {
  if (work.kind !== 'BATCHES' || replicaHours === null) return null;
  // Uses the edition of the estimate, so that the two are comparable. If that edition no longer exists, there is no
  // price.
  const priceBook = priceBookId(estimate.book);
  if (!estimator.books.all.some((book) => priceBookId(book) === priceBook)) return null;
  return estimator.costSoFar({ ...work, replicaHours, priceBook });
}
