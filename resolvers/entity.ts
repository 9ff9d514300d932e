import type { Access } from '../auth/policy/access.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import { AppError, badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { turns } from '../runtime/turns.js';
import type { ReadArguments } from '../schema/entity/read-arguments.js';
import { entityTypeName } from '../schema/names.js';
import { canonicalEntityId } from '../values/entity-id.js';
import type { Instant } from '../values/instant.js';
import { namedFeature, namedFeatureView } from './catalogue.js';
import type { EntityKey, ReadOptions } from './loaders.js';

/** An entity between resolvers: its key and its GraphQL type. Nothing has been read yet. */
export interface EntityHandle extends EntityKey {
  readonly kind: 'entity';
  readonly typeName: string;
}

/** The read arguments of a field. null and undefined mean the default. */
export type ReadRequest = Partial<ReadArguments>;

export function entityHandle(entityType: EntityType, entityId: string, read: ReadRequest): EntityHandle {
  return handleOf(entityType, entityId, read.asOf ?? null, readOptions(read));
}

function handleOf(
  entityType: EntityType,
  entityId: string,
  asOf: Instant | null,
  options: ReadOptions | undefined,
): EntityHandle {
  return {
    kind: 'entity',
    typeName: cachedTypeName(entityType),
    entityType,
    entityId: canonicalEntityId(entityId, entityType.entityIdColumns),
    asOf,
    options,
  };
}

/** undefined if the read has no options, as most reads. */
function readOptions({ knownAt, strictlyBefore, includeExpired }: ReadRequest): ReadOptions | undefined {
  if (knownAt == null && !strictlyBefore && !includeExpired) return undefined;
  return {
    knownAt: knownAt ?? null,
    strictlyBefore: strictlyBefore ?? false,
    includeExpired: includeExpired ?? false,
  };
}

const typeNames = new WeakMap<EntityType, string>();

function cachedTypeName(entityType: EntityType): string {
  let typeName = typeNames.get(entityType);
  if (typeName === undefined) {
    typeName = entityTypeName(entityType.featurestore.name, entityType.name);
    typeNames.set(entityType, typeName);
  }
  return typeName;
}

/** A list of this length gets a turn of the event loop of its own: the engine visits all items at once. */
export const LARGE_LIST = 1_000;

/** The entities of a field. A large list waits for its turn, so that ten of them do not hold up other requests. */
export function listEntities(
  entityType: EntityType,
  entityIds: readonly string[],
  read: ReadRequest,
): EntityHandle[] | Promise<EntityHandle[]> {
  const entities = entityHandles(entityType, entityIds, read);
  return entities.length < LARGE_LIST ? entities : turns.next().then(() => entities);
}

/** Entities in the order of their ids, with duplicates. Errors name the item: `entityIds[3]`. */
export function entityHandles(entityType: EntityType, entityIds: readonly string[], read: ReadRequest): EntityHandle[] {
  const { maxEntityIds } = REQUEST_LIMITS;
  if (entityIds.length > maxEntityIds) {
    throw badInput(
      `"entityIds" has ${entityIds.length} ids. One request reads at most ${maxEntityIds}. Split the request.`,
      'entityIds',
    );
  }
  const options = readOptions(read);
  return entityIds.map((entityId, index) => {
    try {
      return handleOf(entityType, entityId, read.asOf ?? null, options);
    } catch (error) {
      if (error instanceof AppError) throw new AppError(error.code, error.message, { field: `entityIds[${index}]` });
      throw error;
    }
  });
}

interface SelectedFeatures {
  readonly names: readonly string[];
  readonly features: readonly Feature[];
}

/**
 * What was asked last of an entity type, by what its principal may do. The entities of a list ask for the same, and so do most
 * requests of a program: what follows knows the same list again.
 */
const lastSelected = new WeakMap<Access, WeakMap<EntityType, SelectedFeatures>>();

function featuresOf(access: Access, entityType: EntityType, names: readonly string[]): readonly Feature[] {
  let byType = lastSelected.get(access);
  if (!byType) lastSelected.set(access, (byType = new WeakMap()));
  const last = byType.get(entityType);
  if (last && areSame(last.names, names)) return last.features;
  const features = names.map((name) => namedFeature(access, entityType, name));
  byType.set(entityType, { names, features });
  return features;
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some === others || (some.length === others.length && some.every((name, index) => name === others[index]));
}

/** The features of a read: by name, by view, or all. */
export function selectFeatures(
  access: Access,
  entityType: EntityType,
  names: readonly string[] | null | undefined,
  view: string | null | undefined,
): readonly Feature[] {
  if (names && view) throw badInput('Give "names" or "view", not both.', 'view');
  if (view) return namedFeatureView(access, entityType, view).features;
  if (names) return featuresOf(access, entityType, names);
  return entityType.features;
}
