import type { JobError } from '../../datasources/job-store/job-record.js';
import type { InstanceColumn, TypedName } from './instance-columns.js';

/** The progress of a batch prediction: every instance in `parts` is on disk, once, as a prediction or a failure. */
export interface BatchPredictionCheckpoint {
  /** The fingerprint of the input when the job began (input-fingerprint.ts); a changed one means another input. */
  readonly fingerprint: string;
  readonly total: number;
  /** The columns of an instance. */
  readonly columns: readonly InstanceColumn[];
  /** The outputs that the model declares; none: a prediction is the model's whole answer. */
  readonly outputs: readonly TypedName[];
  readonly parts: readonly Part[];
  /** Where several gateways share their jobs: how the job ends, once its files get their names. null: it was completed. */
  readonly ending?: 'CANCELLED' | JobError | null;
}

/** One step of the output: a file of predictions and a file of failures. Each exists only if it has rows. */
export interface Part {
  /** From 1; the number in the names of its files. */
  readonly number: number;
  /** Numbers of its first and last instance. */
  readonly from: number;
  readonly to: number;
  readonly predictions: number;
  readonly failures: number;
  /** Where several gateways share their jobs: the run of the job whose files these are (shared-output-folder.ts). */
  readonly run?: string;
}

export interface RowCounts {
  readonly predictions: number;
  readonly failures: number;
}

export function countRows(parts: readonly Part[]): RowCounts {
  return {
    predictions: parts.reduce((sum, part) => sum + part.predictions, 0),
    failures: parts.reduce((sum, part) => sum + part.failures, 0),
  };
}
