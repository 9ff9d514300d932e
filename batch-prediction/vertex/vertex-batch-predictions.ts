import { collectResourceNames, redactResourceNames } from '../../datasources/google/redact-resource-names.js';
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
import { MetricAccumulator } from './metric.js';
import { checkedVertexWork, type VertexPlanDependencies } from './plan-vertex-batch-prediction.js';
import { readVertexResults } from './read-vertex-results.js';
import type { VertexResults } from './results.js';
import type { VertexBatchPredictionHandler } from './vertex-batch-prediction-handler.js';
import { VERTEX_BATCH_PREDICTION, type VertexBatchPredictionJob } from './vertex-batch-prediction-job.js';
import { outputLocation } from './vertex-job.js';

/** Batch prediction on Vertex AI: starts jobs of VertexBatchPredictionHandler and reads their output. */
export class VertexBatchPredictions implements BatchPredictions {
  constructor(
    private readonly engine: JobEngine,
    private readonly handler: VertexBatchPredictionHandler,
    private readonly dependencies: VertexPlanDependencies,
  ) {}

  start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord> {
    return this.engine.start(this.handler, request);
  }

  work(request: BatchPredictionRequest): Promise<BatchWork> {
    return checkedVertexWork(this.dependencies, request);
  }

  retryFailed(job: BatchPredictionJobRecord, request: JobRequest): Promise<BatchPredictionJobRecord> {
    return this.engine.start(this.handler, { ...request, retryOf: job });
  }

  async predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]> {
    return (await this.#read(job, (results) => results.predictions(page))) ?? [];
  }

  /**
   * First come the errors of whole parts of the input, which are few and have no instance, then those of the instances.
   */
  async failures(record: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]> {
    const job = VERTEX_BATCH_PREDICTION.read(record);
    const parts = job.result?.partialFailures ?? [];
    const ofParts = parts
      .map((failure, index) => ({ instanceNumber: BigInt(index), instance: {}, ...failure }))
      .filter(({ instanceNumber }) => page.after === null || instanceNumber > page.after)
      .slice(0, page.limit);
    const limit = page.limit - ofParts.length;
    if (limit === 0) return ofParts;
    const shift = BigInt(parts.length);
    const after = page.after === null || page.after < shift ? null : page.after - shift;
    const rows = (await this.#read(job, (results) => results.failures({ after, limit }))) ?? [];
    const forClients = redactResourceNames(listJobResourceNames(job));
    const ofInstances = rows.map((row) => ({
      ...row,
      instanceNumber: row.instanceNumber + shift,
      message: forClients(row.message),
    }));
    return [...ofParts, ...ofInstances];
  }

  async metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]> {
    const accumulators = asked.map((request) => new MetricAccumulator(request));
    await this.#read(job, async (results) => {
      for await (const prediction of results.allPredictions()) {
        for (const accumulator of accumulators) accumulator.add(prediction);
      }
    });
    return accumulators.map(({ result }) => result);
  }

  #read<Result>(
    job: BatchPredictionJobRecord,
    use: (results: VertexResults) => Promise<Result>,
  ): Promise<Result | undefined> {
    return readVertexResults(this.dependencies, VERTEX_BATCH_PREDICTION.read(job), use);
  }
}

/** All known resource names of a job. */
function listJobResourceNames({ spec, checkpoint, result }: VertexBatchPredictionJob): string[] {
  const output = result?.output;
  return collectResourceNames([
    spec.modelSnapshot.location,
    spec.modelSnapshot.vertex,
    spec.input,
    spec.output,
    checkpoint,
    output && outputLocation(output),
  ]);
}
