import type { CostEstimator } from './cost-estimator.js';
import type { CostEstimate } from './cost-estimate.js';
import type { JobWork } from '../datasources/job-store/job-cost.js';

/** The assumption for a model's first job on a machine: an estimate is needed before any measurement exists. */
const ASSUMED_SECONDS_PER_BATCH = 1;

/** The estimate with which a job is admitted. */
export async function estimateWork(
  estimator: Pick<CostEstimator, 'historicalQuery' | 'batchPrediction'>,
  work: JobWork,
): Promise<CostEstimate> {
  if (work.kind === 'SCAN') return estimator.historicalQuery(work);
  const { rows, ...rest } = work;
  const assumedSecondsPerBatch = ASSUMED_SECONDS_PER_BATCH;
  const estimate = await estimator.batchPrediction({ ...rest, rows: rows ?? 1n, assumedSecondsPerBatch });
  if (rows !== null) return estimate;
  return {
    ...estimate,
    perPrediction: null,
    assumptions: [
      'At least: how many rows the input has is not known before it is read. This is the start and one batch.',
      ...estimate.assumptions,
    ],
  };
}
