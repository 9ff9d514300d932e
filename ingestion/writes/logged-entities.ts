import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { EntityType } from '../../datasources/registry/model.js';

export interface LoggedEntitiesQuery {
  readonly entityType: EntityType;
  readonly entityIds: readonly string[];
}

/**
 * The entities of the rows that the offline store does not have yet, each with its last commit. It has no more entities
 * than the log has rows.
 */
export class LoggedEntities {
  /** By name: the entity types are other objects after another registry was applied. */
  readonly #ofTypes = new Map<string, Map<string, number>>();

  remember(sequence: number, rows: readonly OnlineWrite[]): void {
    let entityType: EntityType | undefined;
    let last = new Map<string, number>();
    for (const { source, entityId } of rows) {
      if (source.entityType !== entityType) {
        entityType = source.entityType;
        last = this.#ofType(entityType);
      }
      // Last in the order of the map, which is that of the sequence numbers.
      last.delete(entityId);
      last.set(entityId, sequence);
    }
  }

  #ofType(entityType: EntityType): Map<string, number> {
    const key = keyOf(entityType);
    let last = this.#ofTypes.get(key);
    if (!last) this.#ofTypes.set(key, (last = new Map<string, number>()));
    return last;
  }

  forget(upTo: number): void {
    for (const [key, last] of this.#ofTypes) {
      for (const [entityId, sequence] of last) {
        if (sequence > upTo) break;
        last.delete(entityId);
      }
      if (last.size === 0) this.#ofTypes.delete(key);
    }
  }

  /** The sequence number of the last commit that has a row of one of these entities; 0 when there is none. */
  lastOf({ entityType, entityIds }: LoggedEntitiesQuery): number {
    const last = this.#ofTypes.get(keyOf(entityType));
    if (!last) return 0;
    return entityIds.reduce((newest, entityId) => Math.max(newest, last.get(entityId) ?? 0), 0);
  }
}

/** No name contains a line break. */
function keyOf({ name, featurestore }: EntityType): string {
  return `${featurestore.name}\n${name}`;
}
