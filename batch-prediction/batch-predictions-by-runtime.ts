import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { ModelRuntime } from '../datasources/registry/prediction-model.js';
import type { JobRequest } from '../jobs/job-request.js';
import type {
  BatchPredictionJobRecord,
  BatchPredictionRequest,
  BatchPredictions,
  MetricRequest,
  PredictionFailureRow,
  PredictionRow,
  ResultRange,
} from './batch-predictions.js';

/** A runtime of batch predictions and the name of its handler. */
export interface BatchPredictionBackend {
  readonly handler: string;
  readonly predictions: BatchPredictions;
}

/**
 * Sends each batch prediction to the runtime of its model, this machine or Vertex AI, so that clients need not know
 * that there are two. A job is read in the runtime where it started, also when the registry has changed since.
 */
export class BatchPredictionsByRuntime implements BatchPredictions {
  readonly #byHandler: ReadonlyMap<string, BatchPredictions>;

  constructor(private readonly backends: Readonly<Record<ModelRuntime, BatchPredictionBackend>>) {
    this.#byHandler = new Map(Object.values(backends).map(({ handler, predictions }) => [handler, predictions]));
  }

  start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord> {
    return this.backends[request.model.runtime].predictions.start(request);
  }

  work(request: BatchPredictionRequest): Promise<JobWork> {
    return this.backends[request.model.runtime].predictions.work(request);
  }

  retryFailed(job: BatchPredictionJobRecord, request: JobRequest): Promise<BatchPredictionJobRecord> {
    return this.#find(job).retryFailed(job, request);
  }

  predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]> {
    return this.#find(job).predictions(job, page);
  }

  failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]> {
    return this.#find(job).failures(job, page);
  }

  metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]> {
    return this.#find(job).metrics(job, asked);
  }

  #find({ id, handler }: BatchPredictionJobRecord): BatchPredictions {
    const predictions = this.#byHandler.get(handler);
    if (!predictions) throw new Error(`the batch prediction ${id} belongs to the unknown handler ${handler}`);
    return predictions;
  }
}
