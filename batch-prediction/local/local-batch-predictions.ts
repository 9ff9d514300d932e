import type { BatchWork } from '../../datasources/job-store/job-cost.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import type { JobRequest } from '../../jobs/job-request.js';
import type {
  BatchPredictionJobRecord,
  BatchPredictionRequest,
  BatchPredictions,
  MetricRequest,
  PredictionFailureRow,
  PredictionRow,
  ResultRange,
} from '../batch-predictions.js';
import { outputFolder, type BatchPredictionDependencies } from './batch-prediction-dependencies.js';
import type { LocalBatchPredictionHandler } from './local-batch-prediction-handler.js';
import { LOCAL_BATCH_PREDICTION } from './local-batch-prediction-job.js';
import { checkedWork } from './plan-batch-prediction.js';
import { readFailures, readPredictions, type WrittenOutput } from './read-results.js';
import { checkMetrics, computeMetrics } from './result-metrics.js';

/** Batch prediction on this machine: starts jobs of LocalBatchPredictionHandler and reads their output. */
export class LocalBatchPredictions implements BatchPredictions {
  constructor(
    private readonly engine: JobEngine,
    private readonly handler: LocalBatchPredictionHandler,
    private readonly dependencies: BatchPredictionDependencies,
  ) {}

  start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord> {
    return this.engine.start(this.handler, request);
  }

  work(request: BatchPredictionRequest): Promise<BatchWork> {
    return checkedWork(this.dependencies, request);
  }

  retryFailed(job: BatchPredictionJobRecord, request: JobRequest): Promise<BatchPredictionJobRecord> {
    return this.engine.start(this.handler, { ...request, retryOf: job });
  }

  async predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]> {
    const written = await this.#written(job);
    return written ? this.dependencies.scratch.use((connection) => readPredictions(connection, written, page)) : [];
  }

  async failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]> {
    const written = await this.#written(job);
    return written ? this.dependencies.scratch.use((connection) => readFailures(connection, written, page)) : [];
  }

  async metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]> {
    const { checkpoint } = LOCAL_BATCH_PREDICTION.read(job);
    checkMetrics(checkpoint?.outputs ?? this.dependencies.getModel(job.spec.model)?.outputs ?? [], asked);
    const written = await this.#written(job);
    if (!written) return asked.map(({ metric }) => (metric === 'COUNT' ? 0 : null));
    return this.dependencies.scratch.use((connection) => computeMetrics(connection, written, asked));
  }

  async #written(record: BatchPredictionJobRecord): Promise<WrittenOutput | undefined> {
    const job = LOCAL_BATCH_PREDICTION.read(record);
    const { checkpoint } = job;
    return checkpoint ? { folder: await outputFolder(this.dependencies, job), checkpoint } : undefined;
  }
}
