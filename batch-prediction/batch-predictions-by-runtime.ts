import type { Instant } from '../values/instant.js';
import type { Model, ModelRuntime } from '../datasources/registry/prediction-model.js';
import type {
  BatchPredictionJobRecord,
  BatchPredictionRequest,
  BatchPredictions,
  MetricRequest,
  PredictionFailureRow,
  PredictionRow,
  ResultRange,
} from './batch-predictions.js';
import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { JobError } from '../datasources/job-store/job-record.js';
import type { JobOrigin } from '../jobs/job-origin.js';
import type { JobControl, JobOutcome, JobRunner, PartialResult } from '../jobs/job-runner.js';

/** How models of one runtime are predicted with in batches: where jobs are started and read, and what does them. */
export interface BatchPredictionRoute {
  readonly predictions: BatchPredictions;
  readonly runner: JobRunner;
}

/**
 * Sends each batch prediction to where its model runs, on this machine or on Vertex AI, so that neither clients nor the
 * engine need to know that there are two.
 */
export class BatchPredictionsByRuntime implements BatchPredictions, JobRunner {
  readonly kind = 'BATCH_PREDICTION';

  constructor(
    private readonly getModel: (name: string) => Model,
    private readonly getRoute: (runtime: ModelRuntime) => BatchPredictionRoute,
  ) {}

  start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord> {
    const { runtime } = request.model;
    return this.getRoute(runtime).predictions.start({ ...request, spec: { ...request.spec, runtime } });
  }

  work(request: BatchPredictionRequest): Promise<JobWork> {
    return this.getRoute(request.model.runtime).predictions.work(request);
  }

  retryFailed(job: BatchPredictionJobRecord, origin: JobOrigin): Promise<BatchPredictionJobRecord> {
    return this.#route(job).predictions.retryFailed(job, origin);
  }

  predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]> {
    return this.#route(job).predictions.predictions(job, page);
  }

  failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]> {
    return this.#route(job).predictions.failures(job, page);
  }

  metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]> {
    return this.#route(job).predictions.metrics(job, asked);
  }

  run(job: BatchPredictionJobRecord, control: JobControl): Promise<JobOutcome> {
    return this.#route(job).runner.run(job, control);
  }

  async finalize(job: BatchPredictionJobRecord, how: 'CANCELLED' | JobError): Promise<PartialResult> {
    const left = await this.#route(job).runner.finalize?.(job, how);
    return left ?? { result: null, progress: job.progress };
  }

  isRemote(job: BatchPredictionJobRecord): boolean {
    // A job whose model is gone ends at once, wherever it ran.
    const runtime = job.spec.runtime;
    return runtime !== undefined && (this.getRoute(runtime).runner.isRemote?.(job) ?? false);
  }

  replicaHours(job: BatchPredictionJobRecord, now: Instant): number | null {
    return this.#route(job).runner.replicaHours?.(job, now) ?? null;
  }

  #route({ spec }: BatchPredictionJobRecord): BatchPredictionRoute {
    return this.getRoute(spec.runtime ?? this.getModel(spec.model).runtime);
  }
}
