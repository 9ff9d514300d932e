import type { InstanceErrorCode } from '../errors/instance-error-codes.js';
import type { FileFormat } from '../datasources/files/file-format.js';
import type { FileOptions } from '../datasources/files/file-options.js';
import type { InstanceFormat, Model } from '../datasources/registry/prediction-model.js';
import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { JobRequest } from '../jobs/job-request.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** The kind of these jobs for clients. */
export const BATCH_PREDICTION = 'BATCH_PREDICTION';

/**
 * The port of batch prediction jobs: it starts them and reads their results. Its adapters are the local runner and
 * Vertex AI. Progress, state and cancellation are those of any job (jobs/job-engine.ts).
 */
export interface BatchPredictions {
  /**
   * Checks the request (the input exists and has the model's columns, the output can be written), then starts a job.
   * Faults of the request are AppErrors that name the field; then no job starts.
   */
  start(request: BatchPredictionRequest): Promise<BatchPredictionJobRecord>;

  /**
   * The work of a request, with the checks of `start` except for the output: a repeated request finds its output
   * already there. Starts nothing.
   */
  work(request: BatchPredictionRequest): Promise<JobWork>;

  /** Starts a job on only those instances that failed in an ended job, with the same settings. */
  retryFailed(job: BatchPredictionJobRecord, request: JobRequest): Promise<BatchPredictionJobRecord>;

  /** The predictions, in the order of the input. */
  predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]>;

  /** The instances without a prediction, and why. */
  failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]>;

  /** Aggregates over numeric outputs of all predictions so far; null where there is nothing to aggregate. */
  metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]>;
}

export type BatchPredictionJobRecord = JobRecord<BatchPredictionJobSpec, unknown, BatchPredictionResult>;

/** The record type of all batch prediction handlers. */
export function isBatchPredictionJob(job: JobRecord): job is BatchPredictionJobRecord {
  return job.kind === BATCH_PREDICTION;
}

export interface BatchPredictionRequest extends JobRequest {
  readonly displayName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly model: Model;
  readonly spec: BatchPredictionSpec;
}

/** The request of a job. */
export interface BatchPredictionSpec {
  /** The model's name. */
  readonly model: string;
  readonly input: BatchInput;
  readonly output: BatchOutput;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly resources: BatchResources;
  /** Only these instances of an earlier job's input (their numbers, from 0); retryFailed sets this. */
  readonly retryOf: string | null;
  /** Columns of the input that do not belong to an instance. */
  readonly excludedFields?: readonly string[];
  /** How rows become instances; absent: as objects of all columns. */
  readonly instances?: BatchInstances;
}

/** How the rows of the input become the instances that the model gets. Only Vertex AI knows this. */
export interface BatchInstances {
  /** Whether an instance is an object of its columns, or a list of them in order; null: as the format of the input. */
  readonly format: InstanceFormat | null;
  /** The column that identifies an instance: the model does not get it, the output has it. */
  readonly keyField: string | null;
  /** Only these columns; empty: all. Not beside excludedFields. */
  readonly includedFields: readonly string[];
  readonly excludedFields: readonly string[];
}

/** The request as the job's record stores it. */
export interface BatchPredictionJobSpec extends BatchPredictionSpec {
  /** The model when the job started, for readers: the registry may no longer have it. */
  readonly modelSnapshot: Model;
}

/**
 * The part of a spec that the client requested: a repeated key must not be refused because the model's description
 * changed.
 */
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
  /** The output of an ended training set job, by its id. */
  | { readonly kind: 'TRAINING_SET'; readonly job: string }
  /** A table of the offline store. */
  | { readonly kind: 'TABLE'; readonly table: string }
  /** Files, folders and patterns in the folder for files (files/data-files.ts); in the cloud gs:// addresses. */
  | {
      readonly kind: 'FILES';
      readonly files: readonly string[];
      readonly format: FileFormat;
      /** What the files themselves do not declare. */
      readonly options?: FileOptions;
    }
  /** gs:// addresses of files that only Vertex AI reads. */
  | { readonly kind: 'INSTANCE_FILES'; readonly files: readonly string[]; readonly format: InstanceFileFormat };

/** TF_RECORD_GZIP: the files are compressed. FILE_LIST: each line of the files names a file, which is an instance. */
export type InstanceFileFormat = 'TF_RECORD' | 'TF_RECORD_GZIP' | 'FILE_LIST';

export interface BatchOutput {
  readonly format: 'PARQUET' | 'JSONL' | 'TABLE';
  /** A folder in the folder for files, a gs:// prefix, or a table. null: the job gets a new one. */
  readonly location: string | null;
}

export interface BatchResources {
  readonly machineType: string | null;
  readonly acceleratorType: string | null;
  readonly acceleratorCount: number | null;
  /** Local jobs: the number of workers or concurrent requests. */
  readonly startingReplicaCount: number;
  readonly maxReplicaCount: number | null;
  readonly batchSize: number;
  readonly generateExplanation: boolean;
}

/** The stored result of an ended job; row counts are in its progress. */
export interface BatchPredictionResult {
  /** In the form that clients use; null when there is none. */
  readonly predictions: string | null;
  readonly failures: string | null;
  /** Present when the job was cancelled or failed after it had written something. */
  readonly isPartial: boolean;
}

/** `after` is the number of the last instance on the previous page; null for the first page. */
export interface ResultRange {
  readonly after: bigint | null;
  readonly limit: number;
}

/** Values in JSON form (values/client-value.ts). */
export interface PredictionRow {
  /** The number of the instance in the input, from 0. */
  readonly instanceNumber: bigint;
  readonly instance: Readonly<Record<string, unknown>>;
  readonly prediction: Readonly<Record<string, unknown>>;
  /** Vertex AI's explanation of the prediction; null or absent when the job did not request explanations. */
  readonly explanation?: Readonly<Record<string, unknown>> | null;
  /** The attributions of the explanation; null or absent without one. */
  readonly attributions?: readonly Attribution[] | null;
}

/** How much each input of an instance contributed to one output of the model. */
export interface Attribution {
  readonly outputName: string | null;
  readonly outputDisplayName: string | null;
  /** The place of the output in the prediction, where that is a list. */
  readonly outputIndex: readonly number[];
  /** The output for the baseline of the inputs. */
  readonly baselineOutputValue: number | null;
  readonly instanceOutputValue: number | null;
  readonly approximationError: number | null;
  /** By input: a number, or lists of numbers for an array. */
  readonly featureAttributions: Readonly<Record<string, unknown>>;
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
