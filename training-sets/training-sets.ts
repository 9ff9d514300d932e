import type { RecordBatch } from 'apache-arrow';
import type { FileFormat } from '../datasources/files/file-format.js';
import type { FileOptions } from '../datasources/files/file-options.js';
import type { PointInTimeOptions } from '../datasources/offline/point-in-time/plan.js';
import type { ExpectationKind, ViolationAction } from '../datasources/registry/expectation.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { CostTerms, JobRequest } from '../jobs/job-request.js';
import type { GeneratedLabels } from './generated-labels.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** The type of these jobs in the API. */
export const TRAINING_SET = 'TRAINING_SET';

/**
 * Training sets: labels joined with the feature values as of each label's time, and the proof that no value leaked. The
 * output has one row per label, in the order of the labels, with their columns.
 */
export interface TrainingSets {
  /**
   * Returns the first rows and validates all rows, synchronously: for at most 10 000 labels, inline or from a file or
   * table.
   */
  preview(request: TrainingSetRequest, rows: number, terms: CostTerms): Promise<TrainingSetPreviewResult>;

  /** Estimates the work of a request. Checks the columns of its labels, but reads no label and starts nothing. */
  work(request: TrainingSetRequest): Promise<ScanWork>;

  /**
   * Validates an existing training set, synchronously: the request describes its intended content, and the training set
   * itself contains its labels. `columns` maps a column of a training set made here to the column of the file, if they
   * differ.
   */
  validate(
    request: TrainingSetRequest,
    columns: ReadonlyMap<string, string>,
    terms: CostTerms,
  ): Promise<TrainingSetValidationResult>;

  /**
   * Opens the rows of a training set in columns. Refuses a job without a Parquet file of its own. If the signal aborts, the
   * rows end with an error.
   */
  stream(job: TrainingSetJobRecord, signal: AbortSignal): Promise<TrainingSetStream>;

  /**
   * The name by which the policy knows an output: all names of one place give the same. null: the job makes a new place.
   */
  outputPlace(output: TrainingSetOutputRequest): string | null;

  /** Checks the request, then starts a job. Faults of the request are AppErrors that name the field. */
  start(request: TrainingSetRequest & StartTrainingSet): Promise<TrainingSetJobRecord>;
}

/** The rows of a training set, in their order. */
export interface TrainingSetStream {
  readonly batches: AsyncIterable<RecordBatch>;
  /** Call it in any case. */
  readonly close: () => Promise<void>;
}

export interface TrainingSetRequest {
  readonly labels: LabelSource;
  /** The joins: the main entity type first, then any others whose ids are in the labels. */
  readonly joins: readonly TrainingSetJoin[];
  /** Overrides the ttls of the registry, in microseconds; undefined: the registry's ttls. null: any age. */
  readonly ttl?: bigint | null;
  /** Absent options have the values of DEFAULT_OPTIONS. */
  readonly options: Partial<PointInTimeOptions>;
  /** How the values are derived again; absent settings have the values of DEFAULT_VALIDATION. */
  readonly validation?: ValidationRequest;
  /** Adds for each feature a column `<feature>__timestamp` with the event time of its value. */
  readonly withTimestamps: boolean;
  /** The features that the request would have without the policy. Absent: none. */
  readonly leftOut?: readonly LeftOutFeature[];
}

/** A feature that the policy keeps out of a training set. */
export interface LeftOutFeature {
  readonly featurestore: string;
  readonly entityType: string;
  readonly feature: string;
  /** PERSONAL: the principal may read it, and did not name it. */
  readonly reason: 'DENIED' | 'PERSONAL';
}

export interface ValidationRequest {
  /** Whether to derive the values of about a thousand rows again, or of all rows. */
  readonly mode: 'SAMPLE' | 'FULL';
  /** Selects the rows of the sample: another seed gives another sample. */
  readonly seed: number;
}

/** The seed is constant, so that a job that is resumed or started again checks the same rows. */
export const DEFAULT_VALIDATION: ValidationRequest = { mode: 'SAMPLE', seed: 0 };

export interface TrainingSetJoin {
  readonly entityType: EntityType;
  /** The label columns that contain the entity's id, one for each of its id columns. */
  readonly entityIdColumns: readonly string[];
  readonly features: readonly Feature[];
  /**
   * The prefix of its column names. Empty for the main entity type: its feature columns have the names of the features.
   */
  readonly prefix: string;
}

export type LabelSource =
  | { readonly kind: 'INLINE'; readonly rows: readonly LabelRow[]; readonly timeColumn: string }
  | {
      readonly kind: 'FILE';
      readonly file: string;
      readonly format: FileFormat;
      /** The properties that the file itself does not declare. */
      readonly options?: FileOptions;
      readonly timeColumn: string;
    }
  /** A table of the offline store. */
  | { readonly kind: 'TABLE'; readonly table: string; readonly timeColumn: string }
  | GeneratedLabels;

/** The client's JSON, unchanged: strings, numbers, booleans, null. */
export type LabelRow = Readonly<Record<string, unknown>>;

export interface StartTrainingSet extends JobRequest {
  readonly displayName: string | null;
  readonly jobLabels: Readonly<Record<string, string>>;
  readonly output: TrainingSetOutputRequest;
}

export interface TrainingSetOutputRequest {
  readonly format: 'PARQUET' | 'CSV' | 'TABLE' | 'BIGQUERY';
  /** A path in the folder for files, or a table's name. null: the job generates one. */
  readonly location: string | null;
}

export type TrainingSetJobRecord = JobRecord<TrainingSetSpec, unknown, TrainingSetResult>;

/** The request as the job's record stores it: it refers to the registry's objects by name. */
export interface TrainingSetSpec {
  readonly labels: LabelSource;
  readonly joins: readonly JoinSpec[];
  /** In microseconds; undefined: the registry's ttls. null: any age. */
  readonly ttl?: bigint | null;
  readonly options: Partial<PointInTimeOptions>;
  readonly withTimestamps: boolean;
  /** Absent: DEFAULT_VALIDATION. */
  readonly validation?: ValidationRequest;
  readonly output: TrainingSetOutputRequest;
  /** Absent: none. */
  readonly leftOut?: readonly LeftOutFeature[];
}

/** A join, with the names of the registry. */
export interface JoinSpec {
  readonly featurestore: string;
  readonly entityType: string;
  readonly entityIdColumns: readonly string[];
  readonly features: readonly string[];
  readonly prefix: string;
}

export interface TrainingSetResult {
  readonly output: { readonly format: TrainingSetOutputRequest['format']; readonly location: string };
  readonly columns: readonly string[];
  readonly rows: bigint;
  readonly validation: TrainingSetValidationResult;
  /** Absent in the record of a job that an earlier version ran. */
  readonly provenance?: TrainingSetProvenance;
}

/** The inputs of a training set. The same labels, registry, features and options give the same training set. */
export interface TrainingSetProvenance {
  /** The fingerprint of the registry's definition of the features: SQL, columns, types, ttls. */
  readonly registryDigest: string;
  /** The fingerprint of the labels as they were read. */
  readonly labelsDigest: string;
  readonly features: readonly JoinedFeature[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The SHA-256 of the bytes of the file; for BIGQUERY, of the file that the table was loaded from. null for a TABLE. */
  readonly checksum: string | null;
}

export interface JoinedFeature {
  /** The name in the output. */
  readonly column: string;
  readonly featurestore: string;
  readonly entityType: string;
  readonly feature: string;
  /** Decimal digits. null: any age. */
  readonly ttlMicroseconds: string | null;
}

export interface TrainingSetPreviewResult {
  readonly columns: readonly string[];
  /** The values as JSON (values/client-value.ts). */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly validation: TrainingSetValidationResult;
}

/**
 * The results of the validation. A second query, which shares nothing with the join, counts them on the output itself.
 */
export interface TrainingSetValidationResult {
  readonly labelRows: bigint;
  readonly joinedRows: bigint;
  /**
   * Rows with a value from after the label, or with a value that differs from the history as of the label's time. If
   * this is not 0, the training set must not be used.
   */
  readonly leakedRows: bigint;
  /** The number of rows whose values were all derived again; the times of all rows were checked. */
  readonly verifiedRows: bigint;
  /** How these rows were selected. */
  readonly mode: ValidationRequest['mode'];
  readonly seed: number;
  /**
   * Values that were written after the time of their label, although their event time is not later. These are
   * corrections or backfills, which a model at the label's time would not have had. null: no feature is of a source
   * whose rows have creation times.
   */
  readonly valuesWrittenAfterLabel: bigint | null;
  /** Rows whose label columns differ from the input. A job with any such row fails. */
  readonly changedRows: bigint;
  /** Values whose event time equals the time of their label. */
  readonly valuesAtLabelTime: bigint;
  /** Values of static sources. They have no time, so nothing proves that they were known at the label's time. */
  readonly unverifiableValues: bigint;
  readonly labelCopies: readonly LabelCopy[];
  /** Labels without any feature value. */
  readonly unmatchedRows: bigint;
  readonly expiredValues: bigint;
  /** Labels without a time, or without an id for one of the joins. */
  readonly invalidLabels: bigint;
  readonly featureCoverage: readonly FeatureCoverageResult[];
  /** The expectations of the registry that the output violates. Absent in the record of a job that an earlier version ran. */
  readonly unexpectedValues?: readonly UnexpectedValues[];
  /** Faulty labels, at most 100 of each kind, by their number in the input, counted from 0. */
  readonly offendingRows: readonly OffendingRow[];
}

/** An expectation of the registry that a column of the output violates. */
export interface UnexpectedValues {
  /** The name of the column in the output. */
  readonly column: string;
  readonly kind: ExpectationKind;
  readonly action: ViolationAction;
  /** What is expected, in words. */
  readonly description: string;
  /** The number of rows with such a value; of NULL_SHARE, without a value. */
  readonly rows: bigint;
  /** The first of them, at most 10, by their number in the input, counted from 0. */
  readonly examples: readonly bigint[];
  /** The entity of each example whose value it is; null: the label has no id. Absent in a record of an earlier release. */
  readonly entityIds?: readonly (string | null)[];
}

export interface FeatureCoverageResult {
  /** The name of the column in the output. */
  readonly column: string;
  readonly present: bigint;
  readonly nulls: bigint;
  readonly notFound: bigint;
  readonly expired: bigint;
}

/** A feature that equals a column of the labels wherever it has a value. */
export interface LabelCopy {
  /** The name of the feature's column in the output. */
  readonly column: string;
  readonly labelColumn: string;
}

export interface OffendingRow {
  readonly row: bigint;
  readonly kind: 'LEAKED' | 'CHANGED' | 'INVALID' | 'UNMATCHED';
  readonly reason: string;
}

export function isTrainingSetJob(job: JobRecord): job is TrainingSetJobRecord {
  return job.kind === TRAINING_SET;
}
