import type { Feature, FeatureSource } from '../../registry/model.js';

/**
 * What a point-in-time query is to do, as data: no SQL, no store. A dialect (duckdb.ts; bigquery.ts with the Google
 * Cloud adapters) compiles it. The meaning of each part is docs/point-in-time.md.
 */
export interface PointInTimePlan {
  /** One join block per source table, however many features are asked of it. */
  readonly sources: readonly SourcePlan[];
  readonly options: PointInTimeOptions;
}

export interface PointInTimeOptions {
  /** Rows at exactly the label's time do not count. Off: they do (`<=`). */
  readonly strictlyBefore: boolean;
  /** Only rows written by the label's time count: what was known then, without later corrections and backfills. */
  readonly knownAtLabelTime: boolean;
}

export const DEFAULT_OPTIONS: PointInTimeOptions = { strictlyBefore: false, knownAtLabelTime: false };

export interface SourcePlan {
  readonly source: FeatureSource;
  /** true: the newest whole row counts, nulls included. false: the newest non-null value of each feature. */
  readonly newestRow: boolean;
  readonly features: readonly FeaturePlan[];
}

export interface FeaturePlan {
  readonly feature: Feature;
  /** Microseconds; a value exactly this old still counts. null: any age. */
  readonly ttl: bigint | null;
  /** The names of its columns in the result, made by the plan and so safe in any dialect. */
  readonly valueColumn: string;
  readonly timestampColumn: string;
  readonly statusColumn: string;
}

/** Groups the asked features by the table they stand in. */
export function planPointInTime(
  features: readonly Feature[],
  options: Partial<PointInTimeOptions> = {},
): PointInTimePlan {
  const plans = features.map((feature, index) => ({
    feature,
    ttl: feature.ttl,
    valueColumn: `value_${index}`,
    timestampColumn: `timestamp_${index}`,
    statusColumn: `status_${index}`,
  }));
  const bySource = Map.groupBy(plans, (plan) => plan.feature.source);
  return {
    sources: [...bySource].map(([source, ofSource]) => ({
      source,
      newestRow: source.entityType.dense,
      features: ofSource,
    })),
    options: { ...DEFAULT_OPTIONS, ...options },
  };
}
