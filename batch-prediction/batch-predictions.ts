import type { InstanceErrorCode } from '../errors/instance-error-codes.js';
import type { FileFormat } from '../datasources/files/file-format.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRequest } from '../jobs/job-request.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** The kind of these jobs, as clients see it. */
export const BATCH_PREDICTION = 'BATCH_PREDICTION';

/**
 * Batch prediction jobs: starting them and reading what came of them. The port behind which the local runner and Vertex AI
 * stand; progress, state and cancelling are those of any job (jobs/job-engine.ts).
 */
export interface BatchPredictions {
  /**
   * Checks what is asked (the input is there and has the model's columns, the output can be written), then starts a job.
   * Faults of the request are AppErrors that name the field; nothing is started then.
   */
  start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord>;

  /**
   * What a request would use, checked as `start` does but for its output: that is there already when this is asked of a
   * request that is sent again. Nothing is started.
   */
  work(request: BatchPredictionRequest): Promise<JobWork>;

  /** Starts a job on only those instances that failed in an ended job, with everything else as it was there. */
  retryFailed(job: BatchPredictionJobRecord, request: JobRequest): Promise<BatchPredictionJobRecord>;

  /** What was predicted, in the order of the input. */
  predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]>;

  /** The instances without a prediction, and why. */
  failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]>;

  /** Aggregates over numeric outputs of all predictions so far; null where there is nothing to aggregate. */
  metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]>;
}

export type BatchPredictionJobRecord = JobRecord<BatchPredictionJobSpec, unknown, BatchPredictionResult>;

/** All handlers of batch predictions keep such records. */
export function isBatchPredictionJob(job: JobRecord): job is BatchPredictionJobRecord {
  return job.kind === BATCH_PREDICTION;
}

export interface BatchPredictionRequest extends JobRequest {
  readonly displayName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly model: Model;
  readonly spec: BatchPredictionSpec;
}

/** What is asked for. */
export interface BatchPredictionSpec {
  /** The model's name. */
  readonly model: string;
  readonly input: BatchInput;
  readonly output: BatchOutput;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly resources: BatchResources;
  /** Only these instances of the input (their numbers, from 0), of an earlier job: what retryFailed sets. */
  readonly retryOf: string | null;
  /** Columns of the input that are no part of an instance. */
  readonly excludedFields?: readonly string[];
}

/** What is asked for, as it is kept in the job's record. */
export interface BatchPredictionJobSpec extends BatchPredictionSpec {
  /** As it was when the job was started, for readers: the registry may not have it any more. */
  readonly modelSnapshot: Model;
}

/** What of a spec the client asked for: a key used again is not refused because the model's description was changed. */
export function requestedBatchPrediction({
  modelSnapshot: _,
  ...requested
}: BatchPredictionJobSpec): BatchPredictionSpec {
  return requested;
}

/** A request for a job on the instances that failed in an ended one. */
export interface RetryRequest extends JobRequest {
  readonly retryOf: BatchPredictionJobRecord;
}

export type BatchInput =
  /** The output of a training set job that has ended, by its id. */
  | { readonly kind: 'TRAINING_SET'; readonly job: string }
  /** A table of the offline store. */
  | { readonly kind: 'TABLE'; readonly table: string }
  /** Files in the folder for files (files/data-files.ts); in the cloud gs:// addresses. */
  | { readonly kind: 'FILES'; readonly files: readonly string[]; readonly format: FileFormat };

export interface BatchOutput {
  readonly format: 'PARQUET' | 'JSONL' | 'TABLE';
  /** A folder in the folder for files, a gs:// prefix, or a table. null: one is made for the job. */
  readonly location: string | null;
}

export interface BatchResources {
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  /** Locally: how many workers or requests in flight. */
  readonly startingReplicaCount: number;
  readonly maxReplicaCount: number | null;
  readonly batchSize: number;
  readonly generateExplanation: boolean;
}

/** What is kept of a job that has ended; row counts are in its progress. */
export interface BatchPredictionResult {
  /** As a client names them; null when there is none. */
  readonly predictions: string | null;
  readonly failures: string | null;
  /** Said when the job was cancelled or failed after it had written something. */
  readonly isPartial: boolean;
}

/** `after` is the number of the instance at which the page before ended; null for the first page. */
export interface ResultRange {
  readonly after: bigint | null;
  readonly limit: number;
}

/** Values as JSON can carry them (values/client-value.ts). */
export interface PredictionRow {
  /** The number of the instance in the input, from 0. */
  readonly instanceNumber: bigint;
  readonly instance: Readonly<Record<string, unknown>>;
  readonly prediction: Readonly<Record<string, unknown>>;
  /** Why the model predicts that, as Vertex AI says it; null or absent when the job was not asked for explanations. */
  readonly explanation?: Readonly<Record<string, unknown>> | null;
}

export interface PredictionFailureRow {
  readonly instanceNumber: bigint;
  readonly instance: Readonly<Record<string, unknown>>;
  readonly code: InstanceErrorCode;
  readonly message: string;
}

export const METRICS = ['AVG', 'MIN', 'MAX', 'SUM', 'VARIANCE', 'STDDEV', 'COUNT', 'P50', 'P90', 'P99'] as const;
export type MetricKind = (typeof METRICS)[number];

export interface MetricRequest {
  readonly metric: MetricKind;
  /** An output of the model; a dotted path into a STRUCT. */
  readonly field: string;
  /** Instead of the field alone: the mean of field / over, e.g. accuracy per token. */
  readonly over: string | null;
}
