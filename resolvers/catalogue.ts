import type { Access } from '../auth/policy/access.js';
import type { EntityType, Feature, Featurestore, FeatureView, Monitor } from '../datasources/registry/model.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import {
  featureViewsOf,
  getEntityType,
  getFeature,
  getFeatureView,
  type Registry,
} from '../datasources/registry/registry.js';

/*
 * What lists, searches and lookups of the registry show: that of which the principal may read or write a feature, and the
 * models with which they may predict. Reads of values by name find the rest too, and their status is DENIED.
 */

export function isVisibleFeature(access: Access, feature: Feature): boolean {
  if (access.isUnrestricted) return true;
  const { entityType } = feature;
  return access.reads(entityType).anywhere.has(feature) || access.writes(entityType).anywhere.has(feature);
}

export function visibleFeatures(access: Access, features: readonly Feature[]): readonly Feature[] {
  return access.isUnrestricted ? features : features.filter((feature) => isVisibleFeature(access, feature));
}

export function visibleEntityTypes(access: Access, { entityTypes }: Featurestore): readonly EntityType[] {
  return access.isUnrestricted ? entityTypes : entityTypes.filter((entityType) => access.isVisible(entityType));
}

export function isVisibleView(access: Access, { features }: FeatureView): boolean {
  return visibleFeatures(access, features).length > 0;
}

export function isVisibleMonitor(access: Access, { features }: Monitor): boolean {
  return visibleFeatures(access, features).length > 0;
}

export function isVisibleFeaturestore(access: Access, featurestore: Featurestore): boolean {
  return access.isUnrestricted || visibleEntityTypes(access, featurestore).length > 0;
}

export function visibleModels(access: Access, models: readonly Model[]): readonly Model[] {
  return access.isUnrestricted ? models : models.filter(({ name }) => access.batchPrediction(name).isAllowed);
}

/*
 * Names in reads, writes and requests for jobs. They are found also if the principal may not see them: the status of such a
 * value is DENIED, and not an error. The error for an unknown name lists names, and must list only those that the principal may
 * see: otherwise one wrong name would tell all.
 */

interface Reader {
  readonly registry: Registry;
  readonly access: Access;
}

export function namedFeaturestore({ registry, access }: Reader, name: string, field = 'featurestore'): Featurestore {
  const isVisible = (featurestore: Featurestore): boolean => isVisibleFeaturestore(access, featurestore);
  return registry.findFeaturestore(name) ?? registry.featurestore(name, field, isVisible);
}

export function namedEntityType(reader: Reader, featurestore: string, name: string): EntityType {
  return namedEntityTypeIn(reader.access, namedFeaturestore(reader, featurestore), name);
}

export function namedEntityTypeIn(
  access: Access,
  featurestore: Featurestore,
  name: string,
  field = 'entityType',
): EntityType {
  const found = featurestore.entityTypes.find((entityType) => entityType.name === name);
  return found ?? getEntityType(featurestore, name, field, visibleEntityTypes(access, featurestore));
}

export function namedFeature(access: Access, entityType: EntityType, name: string, field = 'names'): Feature {
  const found = entityType.features.find((feature) => feature.name === name);
  return found ?? getFeature(entityType, name, field, visibleFeatures(access, entityType.features));
}

export function namedFeatureView(access: Access, entityType: EntityType, name: string, field = 'view'): FeatureView {
  const views = featureViewsOf(entityType);
  const found = views.find((view) => view.name === name);
  const visible = (): readonly FeatureView[] => views.filter((view) => isVisibleView(access, view));
  return found ?? getFeatureView(entityType, name, field, visible());
}
