import type { Access } from '../auth/policy/access.js';
import type { EntityType, Feature, Featurestore, FeatureView } from '../datasources/registry/model.js';
import type { Model } from '../datasources/registry/prediction-model.js';

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

export function isVisibleFeaturestore(access: Access, featurestore: Featurestore): boolean {
  return access.isUnrestricted || visibleEntityTypes(access, featurestore).length > 0;
}

export function visibleModels(access: Access, models: readonly Model[]): readonly Model[] {
  return access.isUnrestricted ? models : models.filter(({ name }) => access.batchPrediction(name).isAllowed);
}
