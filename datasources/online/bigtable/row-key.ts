import { hash } from 'node:crypto';
import type { EntityType } from '../../registry/model.js';

/**
 * The row of an entity: `featurestore/entity_type/hh/entity id`.
 *
 * - The entity type comes first, so that all its rows are one range, and a sweep after a fill looks at no other's.
 * - hh is the first byte of the id's SHA-256, in hexadecimal. Bigtable keeps rows in order of their keys and gives a range
 *   of them to one node; without it, ids that count upwards would all be written to the one node that has the end.
 * - The id comes last and as it stands: names are [a-z0-9_], so the first three slashes are always ours.
 *
 * At most 60 + 60 + 5 + 1500 bytes (values/entity-id.ts); Bigtable takes 4096.
 */
export function rowKey(entityType: EntityType, entityId: string): string {
  return `${rowPrefix(entityType)}${hash('sha256', entityId, 'hex').slice(0, 2)}/${entityId}`;
}

/** All rows of an entity type and no other begin with it: the slash at its end keeps `route` from meaning `route_day`. */
export function rowPrefix(entityType: EntityType): string {
  return `${entityType.featurestore.name}/${entityType.name}/`;
}

/** The row that says what an entity type was filled with. No featurestore's name begins with a $. */
export function fillStateKey(entityType: EntityType): string {
  return `$contents/${entityType.featurestore.name}/${entityType.name}`;
}
