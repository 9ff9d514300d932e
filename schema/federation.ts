import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLFieldResolver,
} from 'graphql';
import { referencesComplexity } from './complexity.js';
import { JSONObject, type JsonObject } from './scalars/json-object.js';

/** The version of the specification whose directives the SDL uses. Every router for Federation 2 knows it. */
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])';

/**
 * The keys of an entity. The last one is for the point in time: the id of an entity that is read with asOf has that time,
 * and its entity id has not.
 */
const KEYS = '@key(fields: "entityId") @key(fields: "id")';

/**
 * The schema as a subgraph of Apollo Federation 2: each entity type of the registry is an entity of the federated graph,
 * and Query has the two fields that a router asks. It only adds to the schema.
 */
export function addFederation(
  schema: GraphQLSchema,
  resolveReferences: GraphQLFieldResolver<unknown, unknown, { readonly representations: readonly JsonObject[] }>,
): GraphQLSchema {
  const entityTypes = listEntityTypes(schema);
  const sdl = printSubgraph(schema);
  const config = schema.toConfig();
  const query = config.query!.toConfig();
  const fields = {
    ...query.fields,
    ...(entityTypes.length === 0 ? {} : { _entities: entitiesField(entityTypes, resolveReferences) }),
    _service: {
      type: new GraphQLNonNull(SERVICE),
      description: 'This gateway as a subgraph of Apollo Federation 2, for those who compose a supergraph.',
      resolve: () => ({ sdl }),
    },
  };
  return new GraphQLSchema({
    ...config,
    query: new GraphQLObjectType({ ...query, fields }),
    types: config.types.filter(({ name }) => name !== 'Query'),
  });
}

/** The SDL of the subgraph: without the fields of federation, and with the keys of its entities. */
export function printSubgraph(schema: GraphQLSchema): string {
  const keys = listEntityTypes(schema).map(({ name }) => `extend type ${name} ${KEYS}`);
  return [LINK, printSchema(lexicographicSortSchema(schema)), ...keys].join('\n\n');
}

/** The types of the typed part. */
function listEntityTypes(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter((type) => type.getInterfaces().some(({ name }) => name === 'Entity'))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function entitiesField(
  types: readonly GraphQLObjectType[],
  resolve: GraphQLFieldResolver<unknown, unknown, { readonly representations: readonly JsonObject[] }>,
) {
  const union = new GraphQLUnionType({
    name: '_Entity',
    description: 'An entity that other subgraphs can refer to.',
    types,
    resolveType: (value) => (value as { readonly typeName: string }).typeName,
  });
  return {
    type: new GraphQLNonNull(new GraphQLList(union)),
    description:
      'The entities with these keys, in the order of the representations. A router asks it. A representation that names ' +
      'no entity is null and an error.',
    args: {
      representations: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(ANY))),
        description:
          'At most 10,000 objects with `__typename`, and `entityId` for the current values or `id` for those of the point in time of the id.',
      },
    },
    resolve,
    extensions: { complexity: referencesComplexity },
  };
}

const ANY = new GraphQLScalarType<JsonObject, JsonObject>({
  ...JSONObject.toConfig(),
  name: '_Any',
  description: 'The type and the key of an entity, as a JSON object. Integers beyond 2^53 must be strings.',
  specifiedByURL: null,
});

const SERVICE = new GraphQLObjectType({
  name: '_Service',
  description: 'A subgraph of Apollo Federation 2.',
  fields: {
    sdl: {
      type: new GraphQLNonNull(GraphQLString),
      description:
        'The schema of this gateway with the keys of its entities, as the specification of subgraphs requires.',
    },
  },
});
