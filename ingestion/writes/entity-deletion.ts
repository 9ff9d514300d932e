import type { EntityType, OnlineStoreKind, StoreKind } from '../../datasources/registry/model.js';

/** Deletes entities from all stores of their featurestore. */
export interface EntityDeletion {
  /**
   * Deletes the values of entities: online, in the history of all sources, and rows of the future. An unknown id is not
   * an error. Rejects with STORE_UNAVAILABLE when a store fails; the caller repeats the request.
   */
  deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<DeletionOutcome>;
}

export interface DeletionOutcome {
  /** What the stores still have, or get again. */
  readonly remaining: readonly RemainingValues[];
  /** The rows that were erased from the log of served values. Absent: there is no such log. */
  readonly servedRows?: number;
  /** The rows that were erased from the quarantine. Absent: the writer has none. */
  readonly quarantinedRows?: number;
}

export interface RemainingValues {
  readonly store: StoreKind;
  /** A sentence for clients. */
  readonly reason: string;
}

/** The values that come back because a source computes them from its own tables. */
export function listComputed({ sources, featurestore }: EntityType): RemainingValues[] {
  const computed = sources.filter(({ sql }) => sql !== null);
  if (computed.length === 0) return [];
  const names = computed.map(({ name }) => `"${name}"`).join(', ');
  const reason =
    `The next refresh computes the values of ${names} again while the tables that the source reads have the entities. ` +
    'Delete them there too.';
  return [{ store: featurestore.offlineSettings.kind, reason }];
}

/** The online stores from which nothing can delete single entities. A shadow store follows the serving one. */
export function listUndeletable({ featurestore }: EntityType): RemainingValues[] {
  const { onlineSettings, shadow } = featurestore;
  const kinds = [onlineSettings.kind, ...(shadow ? [shadow.onlineStore.kind] : [])];
  const remaining = isDeletable(onlineSettings.kind) ? kinds.filter((kind) => !isDeletable(kind)) : kinds;
  return remaining.map((store) => ({ store, reason: UNDELETABLE }));
}

export function isDeletable(kind: OnlineStoreKind): boolean {
  return kind !== 'VERTEX_FEATURE_VIEW' && kind !== 'VERTEX_LEGACY';
}

const UNDELETABLE =
  'The gateway cannot delete single entities from this online store, so reads still find them. A synced view of ' +
  'Vertex AI drops them at its next sync. Delete values that were written directly with the tools of Vertex AI.';
