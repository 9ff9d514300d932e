import { timeColumnName, writtenAfterName, type FeaturePlan, type SourcePlan } from './plan.js';

/** The columns that are returned beside the value of each feature. */
export interface FeatureOutputs {
  /** ONE_A_ROW: where the features of a source come from one row, only the first has the column (timeColumnOf). */
  readonly timestamps: 'EACH' | 'ONE_A_ROW' | 'NONE';
  readonly statuses: boolean;
  /**
   * Whether the value was written after the label's time, in as many columns as the times. A static source, and one
   * whose rows have no creation time, has no such column.
   */
  readonly writtenAfter?: boolean;
}

export const ALL_OUTPUTS: FeatureOutputs = { timestamps: 'EACH', statuses: true };

/** Whether the result has a column with the time of this feature's value. */
export function hasTimeColumn({ timestamps }: FeatureOutputs, source: SourcePlan, feature: FeaturePlan): boolean {
  if (timestamps === 'NONE') return false;
  return timestamps === 'EACH' || timeColumnName(source, feature) === feature.timestampColumn;
}

/** Whether the result has a column that says whether this feature's value was written after the label. */
export function hasWrittenAfterColumn(
  { timestamps, writtenAfter }: FeatureOutputs,
  source: SourcePlan,
  feature: FeaturePlan,
): boolean {
  if (!writtenAfter) return false;
  return timestamps === 'EACH' || writtenAfterName(source, feature) === feature.writtenAfterColumn;
}

/** One source as part of a query: its definitions, its join and the references to its columns. */
export interface SourceBlock {
  readonly definitions: readonly string[];
  readonly join: string;
  /** True where a row of the source counts for the label. */
  readonly found: string;
  readonly value: (feature: FeaturePlan) => string;
  /** The event time of the value; undefined for a static source. */
  readonly timestamp: ((feature: FeaturePlan) => string) | undefined;
  /**
   * The creation time of the row with the value, null where it is not known; undefined for a static source, where it
   * was not asked for, and where the rows have none.
   */
  readonly created: ((feature: FeaturePlan) => string) | undefined;
}
