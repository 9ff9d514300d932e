import { AppError } from '../../errors/app-error.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import type { IncomingRow } from '../../ingestion/feature-writer.js';
import type { Access, JobPermission } from './access.js';

/** The error of a request that the policy refuses. `field` is the argument that asks for too much. */
export function permissionDenied(message: string, field?: string): AppError {
  return new AppError('PERMISSION_DENIED', message, field === undefined ? {} : { field });
}

/** Refuses a row with a value that the principal may not write. `fieldOf` names a feature in the request. */
export function checkRow(
  access: Access,
  entityType: EntityType,
  { entityId, values }: IncomingRow,
  fieldOf: (feature: Feature) => string,
): void {
  const writes = access.writes(entityType);
  if (writes.isFull) return;
  const permitted = writes.ofEntity(entityId);
  if (permitted.size === 0) throw permissionDenied('You may not write values of this entity.', 'entityId');
  for (const feature of values.keys()) {
    if (permitted.has(feature)) continue;
    throw permissionDenied(`You may not write the feature "${feature.name}" of this entity.`, fieldOf(feature));
  }
}

/** The limit of a job's cost: that of the request, or of the policy if it is lower. null: none. */
export function checkJob(
  permission: JobPermission,
  maxCostUsd: number | null,
  what: string,
  field?: string,
): number | null {
  if (!permission.isAllowed) throw permissionDenied(`You may not ${what}.`, field);
  const { maxCostUsd: most } = permission;
  return most === null ? maxCostUsd : Math.min(maxCostUsd ?? most, most);
}

/** Refuses a place of an output that the principal may not write. A job without a place makes a new one of its own. */
export function checkOutput(
  access: Access,
  action: 'WRITE_FILE' | 'WRITE_TABLE',
  location: string | null | undefined,
): void {
  if (location == null) return;
  const isAllowed =
    action === 'WRITE_TABLE' ? access.mayUseTable(action, location) : access.mayUseFile(action, location);
  if (isAllowed) return;
  throw permissionDenied(`You may not write this ${action === 'WRITE_TABLE' ? 'table' : 'file'}.`, 'output.location');
}
