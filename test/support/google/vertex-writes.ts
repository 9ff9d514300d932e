import type { OnlineWrite } from '../../../datasources/online/online-store.js';
import type { EntityType } from '../../../datasources/registry/model.js';
import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';

/** Values of one entity of the entity type's first source. */
export function createWrite(
  entityType: EntityType,
  entityId: string,
  timestamp: Instant | null,
  values: Record<string, RawValue | null>,
): OnlineWrite {
  return {
    entityId,
    source: entityType.sources[0]!,
    version: { timestamp, createdTimestamp: null, sequence: null },
    values: new Map(Object.entries(values)),
  };
}
