import { hash } from 'node:crypto';
import type { EntityType } from '../../registry/model.js';

/**
 * The row of an entity: `featurestore/entity_type/hh/entity id`.
 *
 * - The entity type comes first, so all its rows are one range and a sweep after a fill reads only its rows.
 * - hh is the first byte of the id's SHA-256, in hexadecimal. Bigtable stores rows in the order of their keys and
 *   assigns a range to one node. Without hh, all writes of increasing ids would go to the node with the end of the
 *   range.
 * - The id comes last and unchanged: names are [a-z0-9_], so the first three slashes are always the separators of this
 *   key.
 *
 * A key has at most 60 + 60 + 5 + 1500 bytes (values/entity-id.ts); Bigtable allows 4096.
 */
export function rowKey(entityType: EntityType, entityId: string): string {
  return `${rowPrefix(entityType)}${hash('sha256', entityId, 'hex').slice(0, 2)}/${entityId}`;
}

/**
 * The prefix of all rows of an entity type and of no other rows. The final slash separates `route` from `route_day`.
 */
export function rowPrefix(entityType: EntityType): string {
  return `${entityType.featurestore.name}/${entityType.name}/`;
}

/** Sixteen prefixes that together have all rows of an entity type, about as many rows each: for scans of bounded length. */
export function rowPrefixes(entityType: EntityType): string[] {
  return Array.from('0123456789abcdef', (digit) => `${rowPrefix(entityType)}${digit}`);
}

/** The row with the fill state of an entity type. No featurestore's name begins with a $. */
export function fillStateKey(entityType: EntityType): string {
  return `$contents/${entityType.featurestore.name}/${entityType.name}`;
}
