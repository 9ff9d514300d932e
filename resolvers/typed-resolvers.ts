import { permissionDenied } from '../auth/policy/permission.js';
import type { EntityType, Feature, Featurestore } from '../datasources/registry/model.js';
import { AppError } from '../errors/app-error.js';
import type { TypedFeaturestoreValue, TypedResolvers } from '../schema/from-registry.js';
import { featurestoreTypeName } from '../schema/names.js';
import type { ReadTexts } from '../schema/read-together.js';
import { formatResourceName } from '../schema/resource-name.js';
import { toClientValue } from '../values/client-value.js';
import type { FeatureCell } from '../values/feature-cell.js';
import type { RowTexts } from '../values/row-texts.js';
import { encodeWith, type ValueEncoders, type ValueType } from '../values/value-type.js';
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
    together: { readTexts: readFeaturesOfEntities, item: feature },
  }),

  entityTexts: { features: compileFeaturesText },

  /** Those that are no property of the handle. */
  entityFields: {
    id: (entity) => entityResourceName(entity as EntityHandle),
    knownAt: (entity) => (entity as EntityHandle).options?.knownAt ?? null,
    entityType: (entity, _arguments, context) => {
      const { entityType } = entity as EntityHandle;
      const { access } = context as RequestContext;
      // The name in a read finds a hidden type too. Its description, sources and labels are not for this client.
      if (!access.isVisible(entityType)) throw permissionDenied('You may not see this entity type.');
      return entityType;
    },

    features: async (root, { names, view }: FeaturesArguments, context) => {
      const entity = root as EntityHandle;
      const { access, loaders, now } = context as RequestContext;
      const features = selectFeatures(access, entity.entityType, names, view);
      const cells = await loaders.readCells(entity, features);
      const readAt = entity.asOf ?? now;
      const read = { entity, asOf: entity.asOf, strictlyBefore: entity.options?.strictlyBefore ?? false };
      return cells.map((cell, index) => featureValue(features[index]!, cell, readAt, read));
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
 * The texts of all typed fields that a query selects of the entities of a list. A read that fails gives its error to each
 * feature that was asked for; a feature that the client may not read was not.
 */
async function readFeaturesOfEntities(
  roots: readonly unknown[],
  items: readonly unknown[],
  context: unknown,
): Promise<ReadTexts> {
  const entities = roots as readonly EntityHandle[];
  const features = items as readonly Feature[];
  const { loaders, access } = context as RequestContext;
  try {
    const rows = await loaders.readTexts(entities, features);
    const checks = features.map(({ valueType }) => NUMBER_CHECKS[valueType]);
    const rowOf = (index: number, place: number): RowTexts | null => {
      const row = rows[index]!;
      if (row.isNull(place)) return null;
      checks[place]?.(row, place, features[place]!);
      return row;
    };
    return {
      text: (index, place) => rowOf(index, place)?.textAt(place) ?? null,
      write: (index, place, to) => {
        const row = rowOf(index, place);
        row?.writeTo(to, place);
        return row !== null;
      },
    };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const failed = (index: number, place: number): null => {
      const { entityType, entityId } = entities[index]!;
      if (access.reads(entityType).has(features[place]!, entityId)) throw error;
      return null;
    };
    const write = (index: number, place: number): boolean => {
      failed(index, place);
      return false;
    };
    return { text: failed, write };
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

/** Checks of the texts of values that a typed field may not have: a string in place of a number. The others are those of `features`. */
const NUMBER_CHECKS: Partial<Record<ValueType, (row: RowTexts, place: number, feature: Feature) => void>> = {
  DOUBLE: (row, place, feature) => {
    if (row.isString(place)) finite(Number(JSON.parse(row.textAt(place))), feature);
  },
  DOUBLE_ARRAY: (row, place, feature) => {
    const text = row.textAt(place);
    if (text.includes('"')) for (const element of JSON.parse(text) as unknown[]) finite(Number(element), feature);
  },
};

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
