import type { BigQuery } from '@google-cloud/bigquery';
import type { Storage } from '@google-cloud/storage';
import { AppError, badInput } from '../../errors/app-error.js';
import type {
  BatchPredictionJobRecord,
  BatchPredictionRequest,
  BatchPredictions,
  BatchPredictionSpec,
  MetricRequest,
  PredictionFailureRow,
  PredictionRow,
  ResultRange,
} from '../batch-predictions.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import type { JobOrigin } from '../../jobs/job-origin.js';
import type { BatchWork } from '../../datasources/job-store/job-cost.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { BigQueryResults } from './bigquery-results.js';
import { CloudStorageResults } from './cloud-storage-results.js';
import { inputRows } from './input-rows.js';
import { batchPredictionJob, DEFAULT_MACHINE_TYPE } from './job-request.js';
import { MetricAccumulator } from './metric.js';
import type { VertexResults } from './results.js';
import { outputLocation } from './vertex-job.js';
import type { VertexResult } from './vertex-result.js';
import { collectResourceNames, redactResourceNames } from '../../datasources/google/redact-resource-names.js';
import { vertexModel } from './vertex-model.js';

export interface VertexBatchPredictionsOptions {
  readonly engine: JobEngine;
  /** A model of the registry; throws, naming the field, when there is none of the name. */
  readonly getModel: (name: string, field: string) => Model;
  /** Loaded when a job's results are first asked for. */
  readonly storage: () => Promise<Storage>;
  readonly bigquery: () => Promise<BigQuery>;
}

/** Batch prediction on Vertex AI, for models that live there. The runner beside this watches what is started here. */
export class VertexBatchPredictions implements BatchPredictions {
  constructor(private readonly options: VertexBatchPredictionsOptions) {}

  async start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord> {
    const { displayName, labels, model, spec, ...origin } = request;
    const { idempotencyKey } = origin;
    this.#check(request);
    const record = await this.options.engine.start({
      kind: 'BATCH_PREDICTION',
      spec: { ...spec, key: idempotencyKey },
      subject: model,
      displayName,
      labels,
      ...origin,
      work: () => this.#work(spec),
    });
    return record as BatchPredictionJobRecord;
  }

  async work(request: BatchPredictionRequest): Promise<BatchWork> {
    this.#check(request);
    return this.#work(request.spec);
  }

  async retryFailed(job: BatchPredictionJobRecord, origin: JobOrigin): Promise<BatchPredictionJobRecord> {
    // Heard at once, and not from a job that fails later.
    const model = this.options.getModel(job.spec.model, 'job');
    const failed =
      job.progress.failed > 0n
        ? await this.#read(job, (results) => results.failedInstances(`featuregraph-retry/${job.id}.jsonl`))
        : undefined;
    if (!failed) throw badInput('The job has no failed instances that could be tried again.', 'job');
    const spec: BatchPredictionSpec = { ...job.spec, ...failed, retryOf: job.id, key: origin.idempotencyKey };
    const record = await this.options.engine.start({
      kind: 'BATCH_PREDICTION',
      spec,
      subject: model,
      displayName: job.displayName,
      labels: job.labels,
      ...origin,
      work: async () => toBatchWork(spec, job.progress.failed),
    });
    return record as BatchPredictionJobRecord;
  }

  async predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]> {
    return (await this.#read(job, (results) => results.predictions(page))) ?? [];
  }

  /** First what went wrong with whole parts of the input, which are no instances and are few, then the instances. */
  async failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]> {
    const parts = (job.result as VertexResult | null)?.partialFailures ?? [];
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

  /** Makes what Vertex AI would be asked only for what that refuses: a client hears at once what it could not do. */
  #check({ displayName, labels, model, spec, idempotencyKey }: BatchPredictionRequest): void {
    batchPredictionJob({ displayName, labels, key: idempotencyKey ?? '', model: vertexModel(model).name, spec });
  }

  async #work(spec: BatchPredictionSpec): Promise<BatchWork> {
    return toBatchWork(spec, await inputRows(spec.input, this.options.bigquery));
  }

  /** What goes wrong there names buckets, tables and accounts: a client hears that the results could not be read. */
  async #read<Result>(
    job: BatchPredictionJobRecord,
    use: (results: VertexResults) => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      const results = await this.#results(job);
      return results && (await use(results));
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError('STORE_UNAVAILABLE', 'The results of the job could not be read. Try again.', {}, { cause });
    }
  }

  /** undefined until the job has ended: only then does Vertex AI say where it wrote. */
  async #results(job: BatchPredictionJobRecord): Promise<VertexResults | undefined> {
    const output = (job.result as VertexResult | null)?.output;
    if (!output) return undefined;
    if (output.kind === 'CLOUD_STORAGE') return new CloudStorageResults(await this.options.storage(), output.folder);
    return new BigQueryResults(await this.options.bigquery(), output, job.progress.failed);
  }
}

/** All names of resources that are known of a job. */
function listJobResourceNames({ subject, spec, checkpoint, result }: BatchPredictionJobRecord): string[] {
  const output = (result as VertexResult | null)?.output;
  return collectResourceNames([
    (subject as Model | undefined)?.location,
    spec.input,
    spec.output,
    checkpoint,
    output && outputLocation(output),
  ]);
}

/** By the price book of the configuration, which is the one of the cloud. */
function toBatchWork({ model, resources }: BatchPredictionSpec, rows: bigint | null): BatchWork {
  const { batchSize, startingReplicaCount, machineType, acceleratorType, acceleratorCount } = resources;
  return {
    kind: 'BATCHES',
    model,
    rows,
    batchSize,
    startingReplicaCount,
    machineType: machineType ?? DEFAULT_MACHINE_TYPE,
    acceleratorType,
    acceleratorCount: acceleratorType === null ? null : acceleratorCount,
    priceBook: null,
  };
}
