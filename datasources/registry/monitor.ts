/** A check that is null is not made. */
export interface MonitorChecks {
  /** `threshold` null: that of each feature. */
  readonly drift: { readonly threshold: number | null } | null;
  readonly maxNullShare: number | null;
  /** In microseconds; at most the window. */
  readonly maxSilence: bigint | null;
  readonly servedSkew: SkewCheck | null;
}

/** Of the served values of a feature, how many may differ from the history as of each read. */
export interface SkewCheck {
  readonly maxShare: number;
  /** The difference of two DOUBLEs that still counts as equal. */
  readonly doubleTolerance: number;
}

export interface MonitorWebhook {
  readonly url: string;
  /** The environment variable with the secret. */
  readonly secretVariable: string;
}
