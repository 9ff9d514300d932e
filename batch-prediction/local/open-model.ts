import pRetry from 'p-retry';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { AppError } from '../../errors/app-error.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { Predictor } from '../models/model-serving.js';
import type { BatchPredictionDependencies } from './batch-prediction-dependencies.js';
import { DEFAULT_RETRY_POLICY } from './predict-batch.js';

/** Makes a model of this machine ready. Waits a little for one that does not answer. */
export async function openModel(
  { servings, retryPolicy = DEFAULT_RETRY_POLICY }: Pick<BatchPredictionDependencies, 'servings' | 'retryPolicy'>,
  model: Model,
  parallelism: number,
  signal: AbortSignal,
): Promise<Predictor> {
  const serving = servings.get(model.runtime);
  if (!serving) {
    throw new JobFailure('MODEL_UNAVAILABLE', `This gateway does not run models of the runtime ${model.runtime}.`);
  }
  const { initialBackoffMs, outageRetries } = retryPolicy;
  return pRetry(() => serving.open(model, { parallelism }), {
    retries: Math.min(3, outageRetries),
    minTimeout: initialBackoffMs,
    signal,
    shouldRetry: ({ error }) => error instanceof AppError && error.code === 'MODEL_UNAVAILABLE',
  });
}
