import { isBatchPredictionJob } from '../batch-prediction/batch-predictions.js';
import type { BatchPredictionDependencies } from '../batch-prediction/local/batch-prediction-dependencies.js';
import { openPredictions } from '../batch-prediction/local/open-predictions.js';
import type { WrittenColumns } from '../datasources/offline/column-reads.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { badInput } from '../errors/app-error.js';
import { openTrainingSet } from '../training-sets/open-training-set.js';
import type { TrainingSetDependencies } from '../training-sets/training-set-dependencies.js';
import { TRAINING_SET_JOB } from '../training-sets/training-set-job.js';

interface OutputDependencies {
  readonly trainingSetDependencies: TrainingSetDependencies;
  readonly batchDependencies: BatchPredictionDependencies;
}

/** Opens what a training set job or a batch prediction job wrote. */
export async function openOutput(
  job: JobRecord,
  field: string,
  { trainingSetDependencies, batchDependencies }: OutputDependencies,
): Promise<WrittenColumns> {
  if (TRAINING_SET_JOB.includes(job)) return openTrainingSet(trainingSetDependencies, job, field);
  if (isBatchPredictionJob(job)) return openPredictions(batchDependencies, job, field);
  throw badInput('A job of this kind has no columns.', field);
}
