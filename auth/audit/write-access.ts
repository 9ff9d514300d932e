import type { EntityType } from '../../datasources/registry/model.js';
import type { IncomingRow } from '../../ingestion/feature-writer.js';
import { KeyedList } from '../../runtime/keyed-list.js';
import { nameOf } from './audit-trail.js';
import type { AuditedAccess } from './audit-record.js';

/** The access of a write of rows. */
export function writeAccess(
  entityType: EntityType,
  rows: readonly IncomingRow[],
): Omit<AuditedAccess, 'decision'> & { readonly action: 'WRITE' } {
  const features = new Set<string>();
  // Most rows share their features.
  const seen = new Set<unknown>();
  for (const { values } of rows) {
    const shared: unknown = values instanceof KeyedList ? values.sharedKeys : values;
    if (seen.has(shared)) continue;
    seen.add(shared);
    for (const { name } of values.keys()) features.add(name);
  }
  return {
    action: 'WRITE',
    entityType: nameOf(entityType),
    features: [...features],
    entityIds: rows.map(({ entityId }) => entityId),
    rows: rows.length,
  };
}
