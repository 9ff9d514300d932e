import type { CostEstimator } from './cost-estimator.js';
import type { CostEstimate } from './cost-estimate.js';
import type { BatchWork, JobWork } from '../datasources/job-store/job-cost.js';

/** The assumption for a model's first job on a machine: an estimate is needed before any measurement exists. */
const ASSUMED_SECONDS_PER_BATCH = 1;

/** The estimate with which a job is admitted. */
export async function estimateWork(
  estimator: Pick<CostEstimator, 'historicalQuery' | 'batchPrediction'>,
  work: JobWork,
): Promise<CostEstimate> {
  if (work.kind === 'SCAN') return estimator.historicalQuery(work);
  const { rows, isMachineAssumed = false, inputObjects, ...rest } = work;
  const assumedSecondsPerBatch = ASSUMED_SECONDS_PER_BATCH;
  const estimate = await estimator.batchPrediction({ ...rest, rows: rows ?? 1n, assumedSecondsPerBatch });
  const assumedMachine = isMachineAssumed
    ? [
        `The request names no machine, so it is ${work.machineType}. A model that chooses its machines itself may cost more.`,
      ]
    : [];
  const assumptions = [...assumedMachine, ...estimate.assumptions];
  if (rows !== null) return { ...estimate, assumptions };
  return {
    ...estimate,
    perPrediction: null,
    assumptions: [
      'At least: how many rows the input has is not known before it is read. This is the start and one batch.',
      ...describeObjects(inputObjects),
      ...assumptions,
    ],
  };
}

function describeObjects(objects: BatchWork['inputObjects']): string[] {
  if (objects === undefined) return [];
  if (objects === null) return ['How large the input is is not known: its objects in Cloud Storage cannot be listed.'];
  const { count, bytes } = objects;
  return [`The input has ${bytes} bytes in ${count} object${count === 1 ? '' : 's'} of Cloud Storage.`];
}
