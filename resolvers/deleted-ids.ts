import type { Access } from '../auth/policy/access.js';
import { permissionDenied } from '../auth/policy/permission.js';
import type { EntityType } from '../datasources/registry/model.js';
import { AppError, badInput } from '../errors/app-error.js';
import { formatLimit } from '../limits/request-limits.js';
import { WRITE_LIMITS } from '../limits/write-limits.js';
import type { UserError } from '../schema/user-error.js';
import { canonicalEntityId } from '../values/entity-id.js';
import { toUserError } from './user-errors.js';

export interface DeletedIds {
  /** Canonical and distinct. */
  readonly entityIds: readonly string[];
  readonly userErrors: readonly UserError[];
}

/** Reads the ids of a deletion. A deletion with an invalid id deletes nothing, because it cannot be taken back. */
export function readDeletedIds(access: Access, entityType: EntityType, written: readonly string[]): DeletedIds {
  const { maxDeletedEntities } = WRITE_LIMITS;
  if (written.length === 0 || written.length > maxDeletedEntities) {
    throw badInput(
      `"entityIds" has ${formatLimit(written.length)} ids. One request takes 1 to ${formatLimit(maxDeletedEntities)}.`,
      'entityIds',
    );
  }
  const entityIds = new Set<string>();
  const userErrors: UserError[] = [];
  for (const [row, id] of written.entries()) {
    try {
      const entityId = canonicalEntityId(id, entityType.entityIdColumns);
      if (!access.mayDelete(entityType, entityId))
        throw permissionDenied('You may not delete this entity.', 'entityId');
      entityIds.add(entityId);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      userErrors.push(toUserError(new AppError(error.code, error.message, { row, field: `entityIds[${row}]` })));
    }
  }
  return { entityIds: [...entityIds], userErrors };
}
