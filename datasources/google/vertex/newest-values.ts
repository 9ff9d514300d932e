import { badInput } from '../../../errors/app-error.js';
import type { RawValue } from '../../../values/value-type.js';
import { compareVersions, type OnlineWrite, type ValueVersion, type WriteFault } from '../../online/online-store.js';
import type { EntityType, Feature } from '../../registry/model.js';

export interface VersionedValue {
  readonly feature: Feature;
  readonly value: RawValue;
  readonly version: ValueVersion;
}

/**
 * The newest value of each feature of each entity in a batch of writes. Vertex AI orders values only by event time. So
 * this code applies the other tie-breaks (creation time, sequence number, order of arrival) within a batch. It omits
 * entities with only nulls: a null leaves the stored value unchanged.
 */
export function newestValues(
  entityType: EntityType,
  writes: readonly OnlineWrite[],
): Map<string, Map<string, VersionedValue>> {
  const entities = new Map<string, Map<string, VersionedValue>>();
  for (const { entityId, source, version, values } of writes) {
    for (const feature of source.features) {
      const value = values.get(feature.name) ?? null;
      if (value === null) {
        assertNoNullsWhenDense(entityType, feature);
        continue;
      }
      let newest = entities.get(entityId);
      if (!newest) entities.set(entityId, (newest = new Map<string, VersionedValue>()));
      const kept = newest.get(feature.name);
      if (!kept || compareVersions(version, kept.version) >= 0) newest.set(feature.name, { feature, value, version });
    }
  }
  return entities;
}

/** Refuses a null in a dense entity type: if it were accepted silently, the old value would still be served as current. */
function assertNoNullsWhenDense(entityType: EntityType, feature: Feature): void {
  if (entityType.dense) throw badInput(describeNull(feature), 'values');
}

/** The null that a write would set in a dense entity type; undefined when it sets none. */
export function findNull({ source, values }: OnlineWrite): WriteFault | undefined {
  if (!source.entityType.dense) return undefined;
  const feature = source.features.find(({ name }) => (values.get(name) ?? null) === null);
  return feature && { feature: feature.name, message: describeNull(feature) };
}

function describeNull({ name, source: { entityType } }: Feature): string {
  return (
    `Entity type "${entityType.name}" is dense, so a row without "${name}" makes it null, and its online store takes no ` +
    'nulls from writers. Write the row to the offline store; the next sync brings it online.'
  );
}
