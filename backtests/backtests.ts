import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { Feature } from '../datasources/registry/model.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import type { JobRequest } from '../jobs/job-request.js';
import type { DriftMetric } from '../statistics/compare-distributions.js';
import type { LabelInterval } from '../training-sets/generated-labels.js';
import type { TrainingSetRequest, TrainingSetSpec } from '../training-sets/training-sets.js';
import type { Instant } from '../values/instant.js';

/** The kind of these jobs for clients. */
export const BACKTEST = 'BACKTEST';

/** The port of backtests: a model predicts at moments of the past, and the predictions are compared with what happened. */
export interface Backtests {
  /** Checks the request, then starts a job. Faults of the request are AppErrors that name the field; then no job starts. */
  start(request: StartBacktest): Promise<BacktestRecord>;

  /** The work of a request, for an estimate. Predicts nothing. */
  work(request: BacktestRequest): Promise<ScanWork>;
}

export interface BacktestRequest {
  readonly model: Model;
  /** The moments and entities as labels, and the features that the model gets as of each. */
  readonly rows: TrainingSetRequest;
  readonly actual: ActualValues<Feature>;
  readonly settings: BacktestSettings;
}

export interface StartBacktest extends BacktestRequest, JobRequest {
  readonly displayName: string | null;
  readonly jobLabels: Readonly<Record<string, string>>;
}

/** Where the values are that the predictions are compared with. */
export type ActualValues<Of> =
  /** A column of the labels. The model does not get it. */
  | { readonly kind: 'COLUMN'; readonly column: string }
  /**
   * The newest value of a feature of the main entity type that became true after the moment, and at most `horizon`
   * microseconds later.
   */
  | { readonly kind: 'FEATURE'; readonly feature: Of; readonly horizon: bigint };

export const BACKTEST_TASKS = ['REGRESSION', 'CLASSIFICATION'] as const;
export type BacktestTask = (typeof BACKTEST_TASKS)[number];

export interface BacktestSettings {
  /** The output of the model that is compared; null: its only number. */
  readonly output: string | null;
  readonly task: BacktestTask;
  /** Classification: a probability from this on predicts the class. */
  readonly threshold: number;
  /** The length of a window. Days and weeks are those of UTC. */
  readonly window: LabelInterval;
  /** The moments whose inputs are the baseline of drift; null: those of the first window. */
  readonly baseline: { readonly from: Instant; readonly before: Instant } | null;
  /** Instances of one call of the model. */
  readonly batchSize: number;
}

/** The request as the record of the job has it: objects of the registry are names. */
export interface BacktestSpec {
  readonly model: string;
  readonly rows: Omit<TrainingSetSpec, 'output'>;
  readonly actual: ActualValues<string>;
  readonly settings: BacktestSettings;
}

/** The work is in a file beside the job: the rows, and the predictions so far. This says only how far it is. */
export interface BacktestCheckpoint {
  readonly predicted: bigint;
}

/** The checkpoint of an earlier release is null. */
export type BacktestRecord = JobRecord<BacktestSpec, BacktestCheckpoint | null, BacktestResult>;

export interface BacktestResult {
  /** The output of the model that was compared. */
  readonly output: string;
  /** Whether each prediction used only values that were written by its moment. false: a source has no creation times. */
  readonly isKnownAtMoment: boolean;
  /** In the order of time, without gaps. */
  readonly windows: readonly BacktestWindow[];
  /** Of each input that is a number or a category, in the order of the model. */
  readonly drift: readonly InputDrift[];
}

export interface BacktestWindow extends WindowMetrics {
  readonly from: Instant;
  readonly before: Instant;
  /** Moments of entities. */
  readonly rows: bigint;
  /** Rows for which the model gave no finite prediction. */
  readonly failed: bigint;
  /** Rows with a prediction and an actual value: all metrics are of them. */
  readonly scored: bigint;
}

/** null: the task has no such metric, or no row of the window has both values, or it is not defined for them. */
export interface WindowMetrics {
  readonly meanAbsoluteError: number | null;
  readonly rootMeanSquaredError: number | null;
  readonly bias: number | null;
  readonly accuracy: number | null;
  readonly logLoss: number | null;
  readonly areaUnderRocCurve: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
}

export interface InputDrift {
  readonly input: string;
  readonly metric: DriftMetric;
  /** By window; null: it or the baseline has no value. */
  readonly distances: readonly (number | null)[];
}

export function isBacktest(job: JobRecord): job is BacktestRecord {
  return job.kind === BACKTEST;
}
