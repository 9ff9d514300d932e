import type { GraphQLFieldResolver } from 'graphql';
import { GraphQLID } from 'graphql';
import type { EntityType } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { AppError, badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { turns } from '../runtime/turns.js';
import { entityTypeName } from '../schema/names.js';
import { parseResourceName } from '../schema/resource-name.js';
import type { JsonObject } from '../schema/scalars/json-object.js';
import { entityHandle, LARGE_LIST, type EntityHandle } from './entity.js';

type References = GraphQLFieldResolver<unknown, unknown, { readonly representations: readonly JsonObject[] }>;

/**
 * Resolves what a router of a federated graph refers to. Nothing is read here: the fields of all entities wait for the
 * same loaders as those of any query, so that they are one read a type, under the policy of the client.
 */
export function referenceResolver({ featurestores }: Registry): References {
  const types = new Map(
    featurestores.flatMap(({ name, entityTypes }) =>
      entityTypes.map((entityType) => [entityTypeName(name, entityType.name), entityType] as const),
    ),
  );
  return (_root, { representations }) => {
    const { maxEntityIds } = REQUEST_LIMITS;
    if (representations.length > maxEntityIds) {
      throw badInput(
        `"representations" has ${representations.length} items. One request reads at most ${maxEntityIds}. Split the request.`,
        'representations',
      );
    }
    const found = representations.map((representation, index) => {
      try {
        return resolveReference(types, representation);
      } catch (error) {
        // One faulty reference must not take the others with it.
        if (error instanceof AppError) {
          return new AppError(error.code, error.message, { field: `representations[${index}]` });
        }
        throw error;
      }
    });
    return found.length < LARGE_LIST ? found : turns.next().then(() => found);
  };
}

function resolveReference(types: ReadonlyMap<string, EntityType>, representation: JsonObject): EntityHandle {
  const { __typename: typeName, id, entityId } = representation;
  const entityType = typeof typeName === 'string' ? types.get(typeName) : undefined;
  if (!entityType) throw badInput('"__typename" is not the type of an entity of this gateway.');
  if (id !== undefined) return byResourceName(entityType, id);
  if (typeof entityId === 'string' || typeof entityId === 'number') {
    return entityHandle(entityType, GraphQLID.parseValue(entityId), {});
  }
  throw badInput('Give "entityId", a string, or "id".');
}

/** The id has the point in time of a read, and the other arguments of the read. */
function byResourceName(entityType: EntityType, id: JsonObject[string]): EntityHandle {
  const name = typeof id === 'string' ? parseResourceName(id) : undefined;
  const isOne =
    name?.kind === 'entity' &&
    name.featurestore === entityType.featurestore.name &&
    name.entityType === entityType.name;
  if (!isOne) throw badInput('"id" is not the id of an entity of this type.');
  return entityHandle(entityType, name.entityId, { asOf: name.asOf, ...name.options });
}
