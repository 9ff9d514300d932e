import type { FileFormat } from '../datasources/files/file-format.js';
import type { FileOptions } from '../datasources/files/file-options.js';
import type { PointInTimeOptions } from '../datasources/offline/point-in-time/plan.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { CostTerms, JobRequest } from '../jobs/job-request.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';

/** The kind of these jobs, as clients see it. */
export const TRAINING_SET = 'TRAINING_SET';

/**
 * Training sets: labels joined with what was known at each label's time, and the proof that nothing leaked. One row out
 * per label in, in the order of the labels, their columns kept.
 */
export interface TrainingSets {
  /** The first rows and the validation of all of them, at once: for at most 10 000 labels, inline or from a file or table. */
  preview(request: TrainingSetRequest, rows: number, terms: CostTerms): Promise<TrainingSetPreviewResult>;

  /** What a request would use. The columns of its labels are checked; none is read, and nothing is started. */
  work(request: TrainingSetRequest): Promise<ScanWork>;

  /**
   * Checks a training set that is there, at once: the request says what it should be, and its labels are the training set
   * itself. `columns` gives the column of the file by that of a training set made here, where they differ.
   */
  validate(
    request: TrainingSetRequest,
    columns: ReadonlyMap<string, string>,
    terms: CostTerms,
  ): Promise<TrainingSetValidationResult>;

  /** Checks what is asked, then starts a job. Faults of the request are AppErrors that name the field. */
  start(request: TrainingSetRequest & StartTrainingSet): Promise<TrainingSetJobRecord>;
}

export interface TrainingSetRequest {
  readonly labels: LabelSource;
  /** What is joined: the main entity type first, then any others whose ids stand in the labels. */
  readonly joins: readonly TrainingSetJoin[];
  /** Instead of the ttls of the registry, in microseconds; undefined: those of the registry. null: any age. */
  readonly ttl?: bigint | null;
  /** What is not said is as in DEFAULT_OPTIONS. */
  readonly options: Partial<PointInTimeOptions>;
  /** How the values are derived again; as in DEFAULT_VALIDATION where nothing is said. */
  readonly validation?: ValidationRequest;
  /** Beside each feature a column `<feature>__timestamp` with the time at which its value became true. */
  readonly withTimestamps: boolean;
}

export interface ValidationRequest {
  /** Derive the values of about a thousand rows again, or of all. */
  readonly mode: 'SAMPLE' | 'FULL';
  /** Chooses the rows of the sample: another seed, another sample. */
  readonly seed: number;
}

/** The seed is fixed, so that a job that is taken up again, or started again, checks the same rows. */
export const DEFAULT_VALIDATION: ValidationRequest = { mode: 'SAMPLE', seed: 0 };

export interface TrainingSetJoin {
  readonly entityType: EntityType;
  /** The columns of the labels that hold the entity's id, one for each of its id columns. */
  readonly entityIdColumns: readonly string[];
  readonly features: readonly Feature[];
  /** Put before the names of its columns. Empty for the main entity type: then a feature's column is its name. */
  readonly prefix: string;
}

export type LabelSource =
  | { readonly kind: 'INLINE'; readonly rows: readonly LabelRow[]; readonly timeColumn: string }
  | {
      readonly kind: 'FILE';
      readonly file: string;
      readonly format: FileFormat;
      /** What the file does not say itself. */
      readonly options?: FileOptions;
      readonly timeColumn: string;
    }
  /** A table of the offline store. */
  | { readonly kind: 'TABLE'; readonly table: string; readonly timeColumn: string };

/** JSON, as the client sent it: strings, numbers, booleans, null. */
export type LabelRow = Readonly<Record<string, unknown>>;

export interface StartTrainingSet extends JobRequest {
  readonly displayName: string | null;
  readonly jobLabels: Readonly<Record<string, string>>;
  readonly output: TrainingSetOutputRequest;
}

export interface TrainingSetOutputRequest {
  readonly format: 'PARQUET' | 'CSV' | 'TABLE';
  /** A path in the folder for files, or a table's name. null: one is made for the job. */
  readonly location: string | null;
}

export type TrainingSetJobRecord = JobRecord<TrainingSetSpec, unknown, TrainingSetResult>;

/** What is asked for, as it is kept in the job's record: the registry's things by their names. */
export interface TrainingSetSpec {
  readonly labels: LabelSource;
  readonly joins: readonly JoinSpec[];
  /** Microseconds; undefined: the ttls of the registry. null: any age. */
  readonly ttl?: bigint | null;
  readonly options: Partial<PointInTimeOptions>;
  readonly withTimestamps: boolean;
  /** Absent: the default. */
  readonly validation?: ValidationRequest;
  readonly output: TrainingSetOutputRequest;
}

/** A join, by the names of the registry. */
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

/** What a training set was made of. The same labels, registry, features and options make the same training set. */
export interface TrainingSetProvenance {
  /** Of what the registry says about the features: SQL, columns, types, ttls. */
  readonly registryDigest: string;
  /** Of the labels as they were read. */
  readonly labelsDigest: string;
  readonly features: readonly JoinedFeature[];
  readonly options: Readonly<Record<string, unknown>>;
  /** SHA-256 of the bytes of the file; null of a table. */
  readonly checksum: string | null;
}

export interface JoinedFeature {
  /** In the output. */
  readonly column: string;
  readonly featurestore: string;
  readonly entityType: string;
  readonly feature: string;
  /** Digits. null: any age. */
  readonly ttlMicroseconds: string | null;
}

export interface TrainingSetPreviewResult {
  readonly columns: readonly string[];
  /** Values as JSON can carry them (values/client-value.ts). */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly validation: TrainingSetValidationResult;
}

/** Counted from the output itself by a second query that shares nothing with the join. */
export interface TrainingSetValidationResult {
  readonly labelRows: bigint;
  readonly joinedRows: bigint;
  /**
   * Rows with a value from after the label, or with one that the history does not give as of the label's time. 0, or the
   * training set must not be used.
   */
  readonly leakedRows: bigint;
  /** So many rows had all their values derived again; the times were checked of all. */
  readonly verifiedRows: bigint;
  /** How these rows were chosen. */
  readonly mode: ValidationRequest['mode'];
  readonly seed: number;
  /**
   * Of the rows that were derived again: values that were written after the time of their label, although they had become
   * true by then. A correction or a backfill, which the label's model would not have had.
   */
  readonly valuesWrittenAfterLabel: bigint;
  /** Rows whose label columns are not those of the input. A job with any fails. */
  readonly changedRows: bigint;
  /** Values that became true at exactly the time of their label. */
  readonly valuesAtLabelTime: bigint;
  /** Values of static sources: they have no time, so nothing shows that they were known at the label's. */
  readonly unverifiableValues: bigint;
  readonly labelCopies: readonly LabelCopy[];
  /** Labels for which no feature was found at all. */
  readonly unmatchedRows: bigint;
  readonly expiredValues: bigint;
  /** Labels without a time, or without an id of one of the joins. */
  readonly invalidLabels: bigint;
  readonly featureCoverage: readonly FeatureCoverageResult[];
  /** Labels at fault, at most 100 of each kind, by their number in the input from 0. */
  readonly offendingRows: readonly OffendingRow[];
}

export interface FeatureCoverageResult {
  /** The column of the output. */
  readonly column: string;
  readonly present: bigint;
  readonly nulls: bigint;
  readonly notFound: bigint;
  readonly expired: bigint;
}

/** A feature that equals a column of the labels wherever it has a value. */
export interface LabelCopy {
  /** The column of the feature in the output. */
  readonly column: string;
  readonly labelColumn: string;
}

export interface OffendingRow {
  readonly row: bigint;
  readonly kind: 'LEAKED' | 'CHANGED' | 'INVALID' | 'UNMATCHED';
  readonly reason: string;
}
