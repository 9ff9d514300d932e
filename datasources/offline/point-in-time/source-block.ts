import type { FeaturePlan } from './plan.js';

/** What is given beside the value of each feature. */
export interface FeatureOutputs {
  readonly timestamps: boolean;
  readonly statuses: boolean;
}

/** One source as part of a query: what to define first, how to join it, and how to speak of its columns. */
export interface SourceBlock {
  readonly definitions: readonly string[];
  readonly join: string;
  /** True where a row of the source counts for the label. */
  readonly found: string;
  readonly value: (feature: FeaturePlan) => string;
  /** When the value became true; undefined for a static source. */
  readonly timestamp: ((feature: FeaturePlan) => string) | undefined;
}
