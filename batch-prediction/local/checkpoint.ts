import type { ValueType } from '../../values/value-type.js';

/** How far a batch prediction got: every instance in `parts` is on disk, once, as a prediction or a failure. */
export interface BatchPredictionCheckpoint {
  /** What the input looked like when the job began (its files' sizes and times); another one is another input. */
  readonly fingerprint: string;
  readonly total: number;
  /** The columns of an instance. */
  readonly columns: readonly TypedName[];
  /** The outputs the model declares; none: a prediction is whatever the model said. */
  readonly outputs: readonly TypedName[];
  readonly parts: readonly Part[];
}

export interface TypedName {
  readonly name: string;
  readonly valueType: ValueType;
}

/** One step of the output: a file of predictions and one of failures, each there if it has rows. */
export interface Part {
  /** From 1; the number in the names of its files. */
  readonly number: number;
  /** Numbers of its first and last instance. */
  readonly from: number;
  readonly to: number;
  readonly predictions: number;
  readonly failures: number;
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
