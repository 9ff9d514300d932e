import type { EntityType, Feature, Featurestore } from '../datasources/registry/model.js';
import { AppError } from '../errors/app-error.js';
import type { TypedFeaturestoreValue, TypedResolvers } from '../schema/from-registry.js';
import { featurestoreTypeName } from '../schema/names.js';
import { formatResourceName } from '../schema/resource-name.js';
import { toClientValue } from '../values/client-value.js';
import type { FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';
import type { RequestContext } from './context.js';
import { selectFeatures, entityHandle, entityHandles, type EntityHandle } from './entity.js';
import { featureValue } from './feature-values.js';
import { featureHistory, type HistoryArguments } from './history.js';

interface FeaturesArguments {
  readonly names?: readonly string[] | null;
  readonly view?: string | null;
}

/** Answers of the types made from the registry. Both ways to read, generic and typed, go through the same loaders. */
export const typedResolvers: TypedResolvers<Featurestore, EntityType, Feature> = {
  featurestore: typedFeaturestore,

  featurestoreId: (root) => {
    const { featurestore } = root as TypedFeaturestoreValue;
    return formatResourceName({ kind: 'featurestoreEntities', featurestore });
  },

  entity:
    (entityType) =>
    (_root, { entityId, asOf }) =>
      entityHandle(entityType, entityId as string, asOf as Instant | null | undefined),

  entities:
    (entityType) =>
    (_root, { entityIds, asOf }) =>
      entityHandles(entityType, entityIds as string[], asOf as Instant | null | undefined),

  value: (feature) => (entity, _arguments, context) =>
    (context as RequestContext).loaders
      .readCell(entity as EntityHandle, feature)
      .then((cell) => typedValue(feature, cell)),

  entityFields: {
    id: (entity) => entityResourceName(entity as EntityHandle),
    entityId: (entity) => (entity as EntityHandle).entityId,
    asOf: (entity) => (entity as EntityHandle).asOf,
    entityType: (entity) => (entity as EntityHandle).entityType,

    features: async (root, { names, view }: FeaturesArguments, context) => {
      const entity = root as EntityHandle;
      const { loaders, now } = context as RequestContext;
      const features = selectFeatures(entity.entityType, names, view);
      const cells = await loaders.readCells(entity, features);
      const readAt = entity.asOf ?? now;
      return cells.map((cell, index) => featureValue(features[index]!, cell, readAt));
    },

    history: (entity, historyArguments, context) =>
      featureHistory(
        entity as EntityHandle,
        historyArguments as unknown as HistoryArguments,
        context as RequestContext,
      ),
  },
};

/** The root of the typed fields of a featurestore: what `flights` and `node(id:)` give. */
export function typedFeaturestore({ name }: Pick<Featurestore, 'name'>): TypedFeaturestoreValue {
  return { kind: 'featurestoreEntities', typeName: featurestoreTypeName(name), featurestore: name };
}

function entityResourceName({ entityType, entityId, asOf }: EntityHandle): string {
  return formatResourceName({
    kind: 'entity',
    featurestore: entityType.featurestore.name,
    entityType: entityType.name,
    entityId,
    asOf,
  });
}

/** In a typed field BigInt and DateTime write themselves; NaN and the infinities have no place in a Float. */
function typedValue(feature: Feature, { value }: FeatureCell): unknown {
  if (value === null) return null;
  const numbers = typeof value === 'number' ? [value] : feature.valueType === 'DOUBLE_ARRAY' ? (value as number[]) : [];
  const unwritable = numbers.find((number) => !Number.isFinite(number));
  if (unwritable !== undefined) {
    throw new AppError(
      'VALUE_NOT_REPRESENTABLE',
      `${feature.name} is ${unwritable}, which a GraphQL Float cannot be. Read it with features(names: ["${feature.name}"]).`,
      { field: feature.name },
    );
  }
  return feature.valueType === 'BYTES' ? toClientValue(feature.valueType, value) : value;
}
