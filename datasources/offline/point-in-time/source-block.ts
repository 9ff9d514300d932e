import { timeColumnName, type FeaturePlan, type SourcePlan } from './plan.js';

/** The columns that are returned beside the value of each feature. */
export interface FeatureOutputs {
  /** ONE_A_ROW: where the features of a source come from one row, only the first has the column (timeColumnOf). */
  readonly timestamps: 'EACH' | 'ONE_A_ROW' | 'NONE';
  readonly statuses: boolean;
}

export const ALL_OUTPUTS: FeatureOutputs = { timestamps: 'EACH', statuses: true };

/** Whether the result has a column with the time of this feature's value. */
export function hasTimeColumn({ timestamps }: FeatureOutputs, source: SourcePlan, feature: FeaturePlan): boolean {
  if (timestamps === 'NONE') return false;
  return timestamps === 'EACH' || timeColumnName(source, feature) === feature.timestampColumn;
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
}
