import type { JobCost } from '../datasources/job-store/job-cost.js';
import type { CostEstimate } from './cost-estimate.js';
import type { CostEstimator } from './cost-estimator.js';
import { priceBookId } from './price-book.js';
import { fromStoredEstimate } from './stored-estimate.js';

/** The estimate of a job as it was made before the job began. */
export function jobCostEstimate({ books }: CostEstimator, { estimate }: JobCost): CostEstimate {
  return fromStoredEstimate(estimate, books);
}

/** What a job has cost by the replica hours it used; null when nobody says how many, or it is not priced by them. */
export function jobCostSoFar(
  estimator: CostEstimator,
  { work, estimate }: JobCost,
  replicaHours: number | null,
): CostEstimate | null {
  if (work.kind !== 'BATCHES' || replicaHours === null) return null;
  // By the edition that the estimate was made with, so that the two can be compared. Gone, it prices nothing any more.
  const priceBook = priceBookId(estimate.book);
  if (!estimator.books.all.some((book) => priceBookId(book) === priceBook)) return null;
  return estimator.costSoFar({ ...work, replicaHours, priceBook });
}
