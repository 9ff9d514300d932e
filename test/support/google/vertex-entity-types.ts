import type { EntityType } from '../../../datasources/registry/model.js';
import type { StoredType } from './vertex/stored-values.js';
import type { ViewInput } from './vertex/feature-views.js';
import type { VertexWorld } from './vertex-world.js';

/** The types of an entity type's features as a feature store of Vertex AI has them. */
function storedTypes(entityType: EntityType): Record<string, StoredType> {
  return Object.fromEntries(
    entityType.features.map(({ name, valueType }) => [name, valueType === 'TIMESTAMP' ? 'INT64' : valueType]),
  );
}

/** A feature view of the entity type's name, in the world's online store. */
export function addView({ views }: VertexWorld, entityType: EntityType, input: Partial<ViewInput> = {}) {
  return views.addView('serving', entityType.name, {
    features: storedTypes(entityType),
    entityIdColumns: entityType.entityIdColumns,
    ...input,
  });
}

/** A legacy entity type of the same name, in the world's featurestore. */
export function addLegacyEntityType({ legacy }: VertexWorld, entityType: EntityType) {
  return legacy.addEntityType('old_shop', entityType.name, { features: storedTypes(entityType) });
}
