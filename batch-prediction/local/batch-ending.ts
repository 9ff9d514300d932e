import type { JobError, JobProgress } from '../../datasources/job-store/job-record.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { countRows, type BatchPredictionCheckpoint } from './checkpoint.js';

/** Why several gateways without shared files refuse these jobs. */
export const NOT_SHARED = {
  field: 'model',
  message:
    'Several gateways share their jobs here, and this model predicts into files on the disk of one of them. The operator ' +
    'sets FEATUREGRAPH_SHARED_FILES to a folder in Cloud Storage (docs/several-gateways.md). Or use a model on Vertex AI.',
};

/** How a job ends; null: it was completed. */
export type Ending = 'CANCELLED' | JobError | null;

export function progressOf(checkpoint: BatchPredictionCheckpoint | null): JobProgress {
  const { predictions, failures } = countRows(checkpoint?.parts ?? []);
  return {
    completed: BigInt(predictions),
    failed: BigInt(failures),
    total: checkpoint ? BigInt(checkpoint.total) : null,
  };
}

/** A server that takes objects gets every column. */
export function getsOtherColumns({ runtime, http }: Model): boolean {
  return runtime === 'HTTP' && http?.instances !== 'ARRAY';
}

export function allFailed(predictions: number, failures: number): JobError | null {
  if (predictions > 0 || failures === 0) return null;
  return {
    code: 'ALL_INSTANCES_FAILED',
    message: `Not one of the ${failures} instances has a prediction. The failures of the job say why.`,
  };
}

export function inputChanged(): JobFailure {
  return new JobFailure(
    'INPUT_CHANGED',
    'The files of the input changed after the job began: what was predicted would not belong to what is there now. ' +
      'Start the job again, and leave the files alone until it ends.',
  );
}
