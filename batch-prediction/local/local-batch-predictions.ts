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
import { useWrittenFiles, type BatchPredictionDependencies } from './batch-prediction-dependencies.js';
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
    const { scratch } = this.dependencies;
    const read = (written: WrittenOutput): Promise<PredictionRow[]> =>
      scratch.use((connection) => readPredictions(connection, written, page));
    return (await this.#read(job, read)) ?? [];
  }

  async failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]> {
    const { scratch } = this.dependencies;
    const read = (written: WrittenOutput): Promise<PredictionFailureRow[]> =>
      scratch.use((connection) => readFailures(connection, written, page));
    return (await this.#read(job, read)) ?? [];
  }

  async metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]> {
    const { checkpoint } = LOCAL_BATCH_PREDICTION.read(job);
    checkMetrics(checkpoint?.outputs ?? this.dependencies.getModel(job.spec.model)?.outputs ?? [], asked);
    const { scratch } = this.dependencies;
    const read = (written: WrittenOutput): Promise<(number | null)[]> =>
      scratch.use((connection) => computeMetrics(connection, written, asked));
    return (await this.#read(job, read)) ?? asked.map(({ metric }) => (metric === 'COUNT' ? 0 : null));
  }

  /** undefined: the job has written nothing. */
  async #read<Result>(
    record: BatchPredictionJobRecord,
    read: (written: WrittenOutput) => Promise<Result>,
  ): Promise<Result | undefined> {
    const job = LOCAL_BATCH_PREDICTION.read(record);
    const { checkpoint } = job;
    return checkpoint ? useWrittenFiles(this.dependencies, job, (folder) => read({ folder, checkpoint })) : undefined;
  }
}
