import type { RecomputedSource } from './refresh/describe-recomputation.js';

/** The port for changes of the registry while the gateway runs. */
export interface RegistryUpdates {
  /** Reads the registry file and says what `apply` would do. Changes nothing. */
  plan(): Promise<RegistryPlan>;

  /**
   * Reads the registry file and serves it from now on. Running requests and subscriptions end with the registry that
   * they began with. It refuses a plan with faults, and without `force` one with breaks. Two calls run one after the
   * other; a registry that is served already changes nothing.
   */
  apply(options: { readonly force: boolean }): Promise<AppliedRegistry>;
}

export interface RegistryPlan {
  /** Why the registry cannot be applied while the gateway runs: faults of the file, with line and column, or a restart. */
  readonly faults: readonly string[];
  /** What clients of the present schema may trip over. */
  readonly breaks: readonly SchemaBreak[];
  /** Every change of the schema. */
  readonly changes: readonly string[];
  /** What is expected of the values of features that is not expected now, and the reverse. No stored value changes. */
  readonly expectations: readonly string[];
  readonly recomputed: readonly RecomputedSource[];
  /** Features whose values stay in the stores although the registry no longer names them. */
  readonly removed: readonly string[];
  /** Entity types, sources and features with another name: their values move to the new name. */
  readonly renamed: readonly Rename[];
}

export interface Rename {
  readonly kind: 'ENTITY_TYPE' | 'SOURCE' | 'FEATURE';
  /** As featurestore.entityType, featurestore.entityType.source or featurestore.entityType.feature, as it is served now. */
  readonly from: string;
  readonly to: string;
}

export interface SchemaBreak {
  /** The member of the schema, such as `Query.entity.asOf`. */
  readonly path: string;
  readonly message: string;
}

export interface AppliedRegistry {
  readonly plan: RegistryPlan;
  readonly isApplied: boolean;
  /** The refreshes that run in the background. */
  readonly jobIds: readonly string[];
}
