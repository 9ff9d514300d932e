import { AppError } from '../../errors/app-error.js';
import { checkEntityId } from '../../values/entity-id.js';
import type { FeatureSource } from '../registry/model.js';
import type { FeatureRow } from './offline-store.js';

/**
 * Why a row cannot be history; undefined when it can. A row whose id no read can request would be stored and never
 * found.
 */
export function findRowFault(
  source: FeatureSource,
  row: Pick<FeatureRow, 'entityId' | 'timestamp'>,
): string | undefined {
  if (row.entityId === null) return 'it has no entity id';
  if (row.entityId === '') return 'its entity id is empty';
  if (row.timestamp === null && source.timestampColumn !== null) return 'it has no timestamp';
  try {
    checkEntityId(row.entityId, source.entityType.entityIdColumns);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
