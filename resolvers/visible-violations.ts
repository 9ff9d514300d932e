import type { Access } from '../auth/policy/access.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { SourceViolation } from '../ingestion/source-refreshes.js';
import { isVisibleFeature } from './catalogue.js';

/**
 * The violations of a refresh that the client may know: each says what is expected of a feature. A row is named if the
 * client may read that feature of its entity; for UNIQUE_TIME, any feature of the source.
 */
export function visibleComputedViolations(
  access: Access,
  entityType: EntityType | undefined,
  violations: readonly SourceViolation[],
): readonly SourceViolation[] {
  if (access.isUnrestricted) return violations;
  // Of an entity type or a feature that the registry does not have any more, no rule can say who may know it.
  if (!entityType) return [];
  const reads = access.reads(entityType);
  return violations.flatMap((violation) => {
    const features = featuresOf(entityType, violation).filter((feature) => isVisibleFeature(access, feature));
    if (features.length === 0) return [];
    const isReadable = (entityId: string): boolean => features.some((feature) => reads.has(feature, entityId));
    return [{ ...violation, examples: violation.examples.filter(({ entityId }) => isReadable(entityId)) }];
  });
}

/** A feature may have had another name when the source was computed. */
function featuresOf({ sources }: EntityType, { source, feature }: SourceViolation): readonly Feature[] {
  const features = sources.find(({ name }) => name === source)?.features ?? [];
  if (feature === null) return features;
  const named = features.filter(({ name }) => name === feature);
  return named.length > 0 ? named : features.filter(({ renamedFrom }) => renamedFrom === feature);
}
