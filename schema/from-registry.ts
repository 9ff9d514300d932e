import type { GraphQLInterfaceType } from 'graphql';
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigMap,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLScalarType,
} from 'graphql';
import type { ValueType } from '../values/value-type.js';
import { ENTITY_IDS } from './arguments.js';
import { entitiesComplexity, entityComplexity, typedFeatureComplexity } from './complexity.js';
import { READ_ARGUMENTS } from './entity/read-arguments.js';
import { NameClashes } from './name-clashes.js';
import { camelCase, entityTypeName, featurestoreTypeName } from './names.js';
import { readTogetherExtension, type ReadTogether } from './read-together.js';
import { BigIntScalar } from './scalars/big-int.js';
import { DateTime } from './scalars/date-time.js';
import { writeTextExtension, type CompileText } from './write-text.js';
import { JSONObject } from './scalars/json-object.js';

/** The properties of the registry that the typed part needs. */
export interface TypedFeaturestore {
  readonly name: string;
  readonly description: string | null;
  readonly entityTypes: readonly TypedEntityType[];
}
export interface TypedEntityType {
  readonly name: string;
  readonly pluralName: string;
  readonly description: string | null;
  readonly entityIdColumns: readonly string[];
  readonly features: readonly TypedFeature[];
}
export interface TypedFeature {
  readonly name: string;
  readonly valueType: ValueType;
  readonly unit: string | null;
  readonly description: string | null;
  readonly deprecationReason: string | null;
}

type Resolver = GraphQLFieldResolver<unknown, unknown, Record<string, unknown>>;

/** The root of the typed fields of a featurestore. */
export interface TypedFeaturestoreValue {
  readonly kind: 'featurestoreEntities';
  readonly typeName: string;
  readonly featurestore: string;
}

/** The resolvers of the typed fields. They are passed in: the schema does no I/O. */
export interface TypedResolvers<Featurestore, EntityType, Feature> {
  /** The value of the field of Query. The root has its own resource name as its id (schema/resource-name.ts). */
  readonly featurestore: (featurestore: Featurestore) => TypedFeaturestoreValue;
  readonly featurestoreId: Resolver;
  readonly entity: (entityType: EntityType) => Resolver;
  readonly entities: (entityType: EntityType) => Resolver;
  readonly value: (feature: Feature) => { readonly resolve: Resolver; readonly together: ReadTogether };
  /** By the name of the field of the Entity interface. */
  readonly entityFields: Readonly<Record<string, Resolver>>;
  /** The fields of them that can be written without their objects. */
  readonly entityTexts: Readonly<Record<string, CompileText>>;
}

/**
 * Adds the typed part of the schema. Each featurestore becomes a field of Query. Each entity type becomes an object
 * type with a field for each feature, in camelCase and with the type of its values. The start fails if two items have
 * the same name in the schema, or if an item has the name of a field that every entity has.
 */
export function addRegistryTypes<Store extends TypedFeaturestore>(
  base: GraphQLSchema,
  featurestores: readonly Store[],
  resolvers: TypedResolvers<Store, Store['entityTypes'][number], Store['entityTypes'][number]['features'][number]>,
): GraphQLSchema {
  const entityInterface = base.getType('Entity') as GraphQLInterfaceType;
  const nodeInterface = base.getType('Node') as GraphQLInterfaceType;
  const interfaces = [nodeInterface, entityInterface];
  const names = new NameClashes();
  names.reserve('types', Object.keys(base.getTypeMap()), 'a type of every gateway');

  const typeOfEntityType = (featurestore: Store, entityType: TypedEntityType): GraphQLObjectType => {
    const where = `${featurestore.name}.${entityType.name}`;
    const item = { featurestore: featurestore.name, entityType: entityType.name };
    const typeName = entityTypeName(featurestore.name, entityType.name);
    names.claim('types', typeName, where, item);
    const fields: GraphQLFieldConfigMap<unknown, unknown> = {};
    for (const [name, config] of Object.entries(entityInterface.toConfig().fields)) {
      names.reserve(typeName, [name], 'a field of every entity');
      const text = resolvers.entityTexts[name];
      const extensions = { ...config.extensions, ...(text ? writeTextExtension(text) : {}) };
      fields[name] = { ...config, extensions, ...resolveBy(resolvers.entityFields[name]) };
    }
    for (const feature of entityType.features) {
      const owner = `feature ${where}.${feature.name}`;
      const name = names.claim(typeName, camelCase(feature.name), owner, { ...item, feature: feature.name });
      fields[name] = featureField(feature, resolvers.value(feature));
    }
    const description = entityType.description ?? `An entity of the entity type ${entityType.name}.`;
    return new GraphQLObjectType({ name: typeName, description, interfaces, fields });
  };

  const typeOfFeaturestore = (featurestore: Store): GraphQLObjectType => {
    const typeName = names.claim('types', featurestoreTypeName(featurestore.name), featurestore.name, {
      featurestore: featurestore.name,
    });
    names.reserve(typeName, ['id'], 'a field of every featurestore');
    const fields: GraphQLFieldConfigMap<unknown, unknown> = {
      id: {
        type: new GraphQLNonNull(GraphQLID),
        description: `The resource name, "featurestores/${featurestore.name}/entities".`,
        resolve: resolvers.featurestoreId,
      },
    };
    for (const entityType of featurestore.entityTypes) {
      const where = `entity type ${featurestore.name}.${entityType.name}`;
      const item = { featurestore: featurestore.name, entityType: entityType.name };
      const type = typeOfEntityType(featurestore, entityType);
      fields[names.claim(typeName, camelCase(entityType.name), where, item)] = entityField(
        entityType,
        type,
        resolvers.entity(entityType),
      );
      fields[names.claim(typeName, camelCase(entityType.pluralName), `the plural of ${where}`, item)] = entitiesField(
        entityType,
        type,
        resolvers.entities(entityType),
      );
    }
    const description = `The typed entities of the featurestore ${featurestore.name}: each feature is a field.`;
    return new GraphQLObjectType({ name: typeName, description, interfaces: [nodeInterface], fields });
  };

  const query = base.getQueryType()!.toConfig();
  names.reserve('Query', Object.keys(query.fields), 'a field of every gateway');
  for (const featurestore of featurestores) {
    const name = names.claim('Query', camelCase(featurestore.name), `featurestore ${featurestore.name}`, {
      featurestore: featurestore.name,
    });
    query.fields[name] = {
      type: new GraphQLNonNull(typeOfFeaturestore(featurestore)),
      description: featurestore.description ?? `The featurestore ${featurestore.name}.`,
      resolve: () => resolvers.featurestore(featurestore),
    };
  }
  names.throwIfAny();
  const config = base.toConfig();
  return new GraphQLSchema({
    ...config,
    query: new GraphQLObjectType({ ...query, description: 'The queries.' }),
    types: config.types.filter((type) => type.name !== 'Query'),
  });
}

const ARGUMENT_TYPES = { DateTime, Boolean: GraphQLBoolean };
const readArguments = Object.fromEntries(
  READ_ARGUMENTS.map(({ name, type, description }) => [
    name,
    { type: ARGUMENT_TYPES[type], description, ...(type === 'Boolean' ? { defaultValue: false } : {}) },
  ]),
);

function entityField(entityType: TypedEntityType, type: GraphQLObjectType, resolver: Resolver): FieldConfig {
  return {
    type,
    description: `The ${entityType.name} with this id. An unknown id is not an error: all features of such an entity are null.`,
    args: {
      entityId: { type: new GraphQLNonNull(GraphQLID), description: `The entity id: ${idDescription(entityType)}` },
      ...readArguments,
    },
    resolve: resolver,
    extensions: { complexity: entityComplexity },
  };
}

function entitiesField(entityType: TypedEntityType, type: GraphQLObjectType, resolver: Resolver): FieldConfig {
  return {
    type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type))),
    description: `The ${entityType.pluralName} with these ids, in the order of entityIds. An unknown id is not an error: all features of such an entity are null.`,
    args: {
      entityIds: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLID))),
        description: `${ENTITY_IDS} Each is ${idDescription(entityType)}`,
      },
      ...readArguments,
    },
    resolve: resolver,
    extensions: { complexity: entitiesComplexity },
  };
}

type FieldConfig = GraphQLFieldConfig<unknown, unknown, Record<string, unknown>>;

function idDescription({ entityIdColumns }: TypedEntityType): string {
  return entityIdColumns.length === 1
    ? `the value of ${entityIdColumns[0]}.`
    : `the values of ${entityIdColumns.join(', ')}, joined by commas. In a value, %2C stands for a comma and %25 for a percent sign.`;
}

function featureField(
  feature: TypedFeature,
  { resolve, together }: { readonly resolve: Resolver; readonly together: ReadTogether },
): FieldConfig {
  const unit = feature.unit === null ? '' : ` Unit: ${feature.unit}.`;
  const nothing = ' Null if there is no value or it is expired: the field `features` has the status.';
  return {
    type: VALUE_GRAPHQL_TYPES[feature.valueType],
    description: `${feature.description ?? `The feature ${feature.name}.`}${unit}${nothing}`,
    resolve,
    extensions: { complexity: typedFeatureComplexity, ...readTogetherExtension(together) },
    ...(feature.deprecationReason === null ? {} : { deprecationReason: feature.deprecationReason }),
  };
}

const VALUE_GRAPHQL_TYPES = {
  BOOL: GraphQLBoolean,
  BOOL_ARRAY: listOf(GraphQLBoolean),
  DOUBLE: GraphQLFloat,
  DOUBLE_ARRAY: listOf(GraphQLFloat),
  INT64: BigIntScalar,
  INT64_ARRAY: listOf(BigIntScalar),
  STRING: GraphQLString,
  STRING_ARRAY: listOf(GraphQLString),
  BYTES: GraphQLString,
  STRUCT: JSONObject,
  TIMESTAMP: DateTime,
} satisfies Record<ValueType, GraphQLOutputType>;

/** Arrays contain no nulls. */
function listOf(element: GraphQLScalarType): GraphQLOutputType {
  return new GraphQLList(new GraphQLNonNull(element));
}

function resolveBy(resolver: Resolver | undefined): { resolve?: Resolver } {
  return resolver ? { resolve: resolver } : {};
}
