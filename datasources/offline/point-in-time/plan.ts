import type { Instant } from '../../../values/instant.js';
import type { Feature, FeatureSource } from '../../registry/model.js';

/**
 * The plan of a point-in-time query as data, without SQL and without a store. A dialect (duckdb.ts; bigquery.ts with
 * the Google Cloud adapters) compiles it. docs/point-in-time.md defines each part.
 */
export interface PointInTimePlan {
  /** One join block per source table, for any number of its features. */
  readonly sources: readonly SourcePlan[];
  readonly options: PointInTimeOptions;
}

export interface PointInTimeOptions {
  /** Rows at exactly the label's time do not count. Off: they do (`<=`). */
  readonly strictlyBefore: boolean;
  /** Only rows written by the label's time count: the values known then, without later corrections and backfills. */
  readonly knownAtLabelTime: boolean;
  /**
   * Only rows written by this moment count, whatever the label's time; this includes rows of static sources. null: all
   * rows count. A row without a creation time does not count, because it cannot be proven to have been known.
   */
  readonly knownAt: Instant | null;
  /** Return the value of an EXPIRED cell. Off: it is null. */
  readonly includeExpired: boolean;
}

export const DEFAULT_OPTIONS: PointInTimeOptions = {
  strictlyBefore: false,
  knownAtLabelTime: false,
  knownAt: null,
  includeExpired: false,
};

export interface SourcePlan {
  readonly source: FeatureSource;
  /** The column of the labels with the entity's id. */
  readonly entityColumn: string;
  /** true: the newest whole row counts, nulls included. false: the newest non-null value of each feature. */
  readonly newestRow: boolean;
  readonly features: readonly FeaturePlan[];
}

export interface FeaturePlan {
  readonly feature: Feature;
  /** Microseconds; a value exactly this old still counts. null: any age. */
  readonly ttl: bigint | null;
  /** The names of its columns in the result. The plan generates them, so they are safe in any dialect. */
  readonly valueColumn: string;
  readonly timestampColumn: string;
  readonly statusColumn: string;
  readonly writtenAfterColumn: string;
}

/**
 * Features of one entity of each label. A label can have several entities: a flight has an origin, a destination and a
 * route.
 */
export interface PlannedEntity {
  readonly entityColumn: string;
  readonly features: readonly Feature[];
  /** Replaces the ttls of the registry; null: any age. */
  readonly ttl?: bigint | null | undefined;
}

/** One block per entity and source table. Columns are numbered over all features, in the given order. */
export function planPointInTime(
  entities: readonly PlannedEntity[],
  options: Partial<PointInTimeOptions> = {},
): PointInTimePlan {
  let count = 0;
  const sources = entities.flatMap(({ entityColumn, features, ttl }) => {
    const plans = features.map((feature) => {
      const number = count++;
      return {
        feature,
        ttl: ttl === undefined ? feature.ttl : ttl,
        valueColumn: `value_${number}`,
        timestampColumn: `timestamp_${number}`,
        statusColumn: `status_${number}`,
        writtenAfterColumn: `written_after_${number}`,
      };
    });
    return [...Map.groupBy(plans, ({ feature }) => feature.source)].map(([source, ofSource]) => ({
      source,
      entityColumn,
      newestRow: source.entityType.dense,
      features: ofSource,
    }));
  });
  return { sources, options: { ...DEFAULT_OPTIONS, ...options } };
}

/** The column with a feature's time where one column serves all features of a row (outputs ONE_A_ROW of a dialect). */
export function timeColumnName(source: SourcePlan, feature: FeaturePlan): string {
  return rowOwner(source, feature).timestampColumn;
}

/** The same for the column that says whether the value was written after the label. */
export function writtenAfterName(source: SourcePlan, feature: FeaturePlan): string {
  return rowOwner(source, feature).writtenAfterColumn;
}

/** The feature whose columns describe the row that the value of `feature` comes from. */
function rowOwner({ newestRow, features }: SourcePlan, feature: FeaturePlan): FeaturePlan {
  return newestRow ? features[0]! : feature;
}
