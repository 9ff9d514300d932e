import type { FeatureSource } from '../registry/model.js';
import type { FeatureRow } from './offline-store.js';

/** Why a row cannot be history; undefined when it can. */
export function reasonToReject(source: FeatureSource, row: FeatureRow): string | undefined {
  if (row.entityId === null) return 'it has no entity id';
  if (row.timestamp === null && source.timestampColumn !== null) return 'it has no timestamp';
  return undefined;
}
