import { AppError } from '../../errors/app-error.js';
import type { ErrorCode } from '../../errors/error-codes.js';
import type { Model } from './prediction-model.js';
import type { EntityType, Feature, Featurestore, FeatureView } from './model.js';
import type { Monitor } from './model.js';

/**
 * The registry in memory: all objects by name. Adapters (yaml/) create one, and the rest of the gateway derives from
 * it, also the typed part of the GraphQL schema. For an unknown name it throws an error that lists the known names:
 * null for a typing error would look like missing data.
 */
export class Registry {
  #featurestores: ReadonlyMap<string, Featurestore>;
  #models: readonly Model[];

  constructor(featurestores: readonly Featurestore[], models: readonly Model[] = []) {
    this.#featurestores = new Map(featurestores.map((featurestore) => [featurestore.name, featurestore]));
    this.#models = models;
  }

  get featurestores(): readonly Featurestore[] {
    return [...this.#featurestores.values()];
  }

  get models(): readonly Model[] {
    return this.#models;
  }

  /**
   * Takes over the objects of another registry. Only for the registry that jobs and schedules share, which outlive a
   * request: a request has a registry that does not change.
   */
  become(next: Registry): void {
    this.#featurestores = next.#featurestores;
    this.#models = next.#models;
  }

  findFeaturestore(name: string): Featurestore | undefined {
    return this.#featurestores.get(name);
  }

  /** `isVisible` says which the reader may see. */
  featurestore(
    name: string,
    field = 'featurestore',
    isVisible: (featurestore: Featurestore) => boolean = () => true,
  ): Featurestore {
    const found = this.#featurestores.get(name);
    if (found && isVisible(found)) return found;
    const visible = this.featurestores.filter(isVisible);
    return unknownName('FEATURESTORE_NOT_FOUND', `featurestore "${name}"`, visible, field);
  }

  entityType(featurestore: string, entityType: string): EntityType {
    return getEntityType(this.featurestore(featurestore), entityType);
  }

  /** `among` are the models that the reader may see. */
  model(name: string, field = 'model', among: readonly Model[] = this.models): Model {
    return (
      among.find((model) => model.name === name) ?? unknownName('MODEL_NOT_FOUND', `model "${name}"`, among, field)
    );
  }
}

/** `among` are the entity types that the reader may see. */
export function getEntityType(
  featurestore: Featurestore,
  name: string,
  field = 'entityType',
  among: readonly EntityType[] = featurestore.entityTypes,
): EntityType {
  return (
    among.find((entityType) => entityType.name === name) ??
    unknownName('ENTITY_TYPE_NOT_FOUND', `entity type "${name}" in featurestore "${featurestore.name}"`, among, field)
  );
}

/** `among` are the features that the reader may see. */
export function getFeature(
  entityType: EntityType,
  name: string,
  field = 'names',
  among: readonly Feature[] = entityType.features,
): Feature {
  return (
    among.find((feature) => feature.name === name) ??
    unknownName('FEATURE_NOT_FOUND', `feature "${name}" of entity type "${entityType.name}"`, among, field)
  );
}

export function featureViewsOf(entityType: EntityType): readonly FeatureView[] {
  return entityType.featurestore.featureViews.filter((view) => view.entityType === entityType);
}

/** `views` are those that the reader may know. */
export function getFeatureView(
  entityType: EntityType,
  name: string,
  field = 'view',
  views: readonly FeatureView[] = featureViewsOf(entityType),
): FeatureView {
  return (
    views.find((view) => view.name === name) ??
    unknownName('FEATURE_VIEW_NOT_FOUND', `feature view "${name}" of entity type "${entityType.name}"`, views, field)
  );
}

/** `views` are those that the caller may know: no other is found or named. */
export function getFeatureViewIn(
  featurestore: Featurestore,
  name: string,
  field = 'featureView',
  views: readonly FeatureView[] = featurestore.featureViews,
): FeatureView {
  return (
    views.find((view) => view.name === name) ??
    unknownName('FEATURE_VIEW_NOT_FOUND', `feature view "${name}" in featurestore "${featurestore.name}"`, views, field)
  );
}

/** `among` are the monitors that the reader may see. */
export function getMonitor(
  featurestore: Featurestore,
  name: string,
  field = 'monitor',
  among: readonly Monitor[] = featurestore.monitors,
): Monitor {
  return (
    among.find((monitor) => monitor.name === name) ??
    unknownName('MONITOR_NOT_FOUND', `monitor "${name}" in featurestore "${featurestore.name}"`, among, field)
  );
}

type NotFoundCode = Extract<
  ErrorCode,
  | 'FEATURESTORE_NOT_FOUND'
  | 'ENTITY_TYPE_NOT_FOUND'
  | 'FEATURE_NOT_FOUND'
  | 'FEATURE_VIEW_NOT_FOUND'
  | 'MODEL_NOT_FOUND'
  | 'MONITOR_NOT_FOUND'
>;

const MAX_NAMES_LISTED = 30;

function unknownName(
  code: NotFoundCode,
  what: string,
  known: readonly { readonly name: string }[],
  field: string,
): never {
  const names = known.slice(0, MAX_NAMES_LISTED).map((item) => item.name);
  const rest = known.length > names.length ? ` and ${known.length - names.length} more` : '';
  const hint = names.length === 0 ? 'There are none.' : `There are: ${names.join(', ')}${rest}.`;
  throw new AppError(code, `There is no ${what}. ${hint}`, { field });
}
