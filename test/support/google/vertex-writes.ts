import type { OnlineWrite } from '../../../datasources/online/online-store.js';
import type { EntityType } from '../../../datasources/registry/model.js';
import type { Instant } from '../../../values/instant.js';
import type { FeatureValue } from '../../../values/value-type.js';

/** Values of one entity of the entity type's first source. */
export function writeOf(
  entityType: EntityType,
  entityId: string,
  timestamp: Instant | null,
  values: Record<string, FeatureValue | null>,
): OnlineWrite {
  return {
    entityId,
    source: entityType.sources[0]!,
    version: { timestamp, createdTimestamp: null, sequence: null },
    values: new Map(Object.entries(values)),
  };
}
