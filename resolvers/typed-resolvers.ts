import type { EntityType, Feature, Featurestore } from '../datasources/registry/model.js';
import { AppError } from '../errors/app-error.js';
import type { TypedFeaturestoreValue, TypedResolvers } from '../schema/from-registry.js';
import { featurestoreTypeName } from '../schema/names.js';
import { formatResourceName } from '../schema/resource-name.js';
import { toClientValue } from '../values/client-value.js';
import { DENIED_CELL, type FeatureCell } from '../values/feature-cell.js';
import { encodeWith, type ValueEncoders } from '../values/value-type.js';
import type { RequestContext } from './context.js';
import { entityHandle, listEntities, selectFeatures, type EntityHandle } from './entity.js';
import { featureValue } from './feature-values.js';
import { compileFeaturesText } from './feature-values-text.js';
import { featureHistory, type HistoryArguments } from './history.js';

interface FeaturesArguments {
  readonly names?: readonly string[] | null;
  readonly view?: string | null;
}

/** The resolvers of the typed part. Generic and typed fields use the same loaders. */
export const typedResolvers: TypedResolvers<Featurestore, EntityType, Feature> = {
  featurestore: typedFeaturestore,

  featurestoreId: (root) => {
    const { featurestore } = root as TypedFeaturestoreValue;
    return formatResourceName({ kind: 'featurestoreEntities', featurestore });
  },

  entity:
    (entityType) =>
    (_root, { entityId, ...read }) =>
      entityHandle(entityType, entityId as string, read),

  entities:
    (entityType) =>
    (_root, { entityIds, ...read }) =>
      listEntities(entityType, entityIds as string[], read),

  value: (feature) => ({
    resolve: (entity, _arguments, context) =>
      (context as RequestContext).loaders
        .readCell(entity as EntityHandle, feature)
        .then((cell) => typedValue(feature, cell)),
    together: {
      read: readFeaturesOfEntity,
      item: feature,
      toValue: (read) => {
        if (read instanceof Error) throw read;
        return typedValue(feature, read as FeatureCell);
      },
    },
  }),

  entityTexts: { features: compileFeaturesText },

  entityFields: {
    id: (entity) => entityResourceName(entity as EntityHandle),
    entityId: (entity) => (entity as EntityHandle).entityId,
    asOf: (entity) => (entity as EntityHandle).asOf,
    knownAt: (entity) => (entity as EntityHandle).options?.knownAt ?? null,
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

/** The root of the typed fields of a featurestore, e.g. of the query `flights`. */
export function typedFeaturestore({ name }: Pick<Featurestore, 'name'>): TypedFeaturestoreValue {
  return { kind: 'featurestoreEntities', typeName: featurestoreTypeName(name), featurestore: name };
}

/**
 * The cells of all typed fields that a query selects of an entity. A read that fails gives its error to each feature that
 * was asked for; a feature that the client may not read was not.
 */
async function readFeaturesOfEntity(
  root: unknown,
  items: readonly unknown[],
  context: unknown,
): Promise<readonly (FeatureCell | Error)[]> {
  const entity = root as EntityHandle;
  const features = items as readonly Feature[];
  const { loaders, access } = context as RequestContext;
  try {
    return await loaders.readCells(entity, features);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const reads = access.reads(entity.entityType);
    return features.map((feature) => (reads.has(feature, entity.entityId) ? error : DENIED_CELL));
  }
}

function entityResourceName({ entityType, entityId, asOf, options }: EntityHandle): string {
  return formatResourceName({
    kind: 'entity',
    featurestore: entityType.featurestore.name,
    entityType: entityType.name,
    entityId,
    asOf,
    options,
  });
}

/** The value of a typed field, for its scalar. BigInt and DateTime serialize raw values. */
const TYPED_VALUES = {
  BOOL: (value) => value,
  BOOL_ARRAY: (value) => value,
  DOUBLE: finite,
  DOUBLE_ARRAY: (value, feature) => value.map((element) => finite(element, feature)),
  INT64: (value) => value,
  INT64_ARRAY: (value) => value,
  STRING: (value) => value,
  STRING_ARRAY: (value) => value,
  BYTES: (value) => toClientValue('BYTES', value),
  STRUCT: (value) => value,
  TIMESTAMP: (value) => value,
} satisfies ValueEncoders<unknown, [Feature]>;

function typedValue(feature: Feature, { value }: FeatureCell): unknown {
  return value === null ? null : encodeWith<unknown, [Feature]>(TYPED_VALUES, feature.valueType, value, feature);
}

/** A GraphQL Float cannot represent NaN and the infinities. */
function finite(value: number, feature: Feature): number {
  if (Number.isFinite(value)) return value;
  throw new AppError(
    'VALUE_NOT_REPRESENTABLE',
    `${feature.name} is ${value}. A GraphQL Float cannot represent it. Read it with features(names: ["${feature.name}"]).`,
    { field: feature.name },
  );
}
