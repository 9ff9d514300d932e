/** The options that define a training set, as `training-set` and `validate` name them. */
export interface TrainingSetFlags {
  readonly featurestore?: string;
  readonly entityType?: string;
  readonly timeColumn?: string;
  readonly idColumn?: readonly string[];
  readonly feature?: readonly string[];
  readonly view?: readonly string[];
  readonly ttlSeconds?: number;
  readonly strictlyBefore?: boolean;
  readonly knownAtLabelTime?: boolean;
  readonly knownAt?: string;
  readonly includeExpired?: boolean;
  readonly withTimestamps?: boolean;
  readonly fullValidation?: boolean;
  readonly validationSeed?: number;
}

/** The TrainingSetInput of the API. `source` is a LabelSourceInput. */
export function toTrainingSetInput(
  options: TrainingSetFlags,
  source: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return {
    featurestore: options.featurestore,
    entityType: options.entityType,
    labels: { source, timeColumn: options.timeColumn, entityIdColumns: options.idColumn },
    features: options.feature,
    featureViews: options.view,
    ttlSeconds: options.ttlSeconds,
    strictlyBefore: options.strictlyBefore,
    knownAtLabelTime: options.knownAtLabelTime,
    knownAt: options.knownAt,
    includeExpired: options.includeExpired,
    withTimestamps: options.withTimestamps,
    validation: options.fullValidation ? 'FULL' : undefined,
    validationSeed: options.validationSeed,
  };
}
