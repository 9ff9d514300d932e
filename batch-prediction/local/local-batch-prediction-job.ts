import type { JobRecord } from '../../datasources/job-store/job-record.js';
import { JobType } from '../../jobs/job-type.js';
import { BATCH_PREDICTION, type BatchPredictionJobSpec, type BatchPredictionResult } from '../batch-predictions.js';
import type { BatchPredictionCheckpoint } from './checkpoint.js';

/** Batch predictions on this machine. */
export const LOCAL_BATCH_PREDICTION = new JobType<
  BatchPredictionJobSpec,
  BatchPredictionCheckpoint,
  BatchPredictionResult
>('batch-prediction-local', BATCH_PREDICTION);

export type LocalBatchPredictionJob = JobRecord<
  BatchPredictionJobSpec,
  BatchPredictionCheckpoint,
  BatchPredictionResult
>;
