import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { camelCase } from '../schema/names.js';
import type { ExampleQuery } from './example-queries.js';

/** An id for the examples; undefined when none is known, or when finding one would cost money. */
export type FindEntityId = (entityType: EntityType) => Promise<string | undefined>;

/** Few enough to read quickly. */
const MAX_FEATURES = 4;
const NO_ID = 'an entity id';

/**
 * Example queries for the GraphiQL page of a registry without a folder `queries`: a list of the contents, then reads of
 * the first entity type with features. Each query is valid for the schema of the registry.
 */
export async function makeExampleQueries(registry: Registry, findEntityId: FindEntityId): Promise<ExampleQuery[]> {
  const entityType = registry.featurestores
    .flatMap(({ entityTypes }) => entityTypes)
    .find(({ features }) => features.some((feature) => feature.deprecationReason === null));
  if (!entityType) return [REGISTRY_EXAMPLE];
  const entityId = (await findEntityId(entityType)) ?? NO_ID;
  const features = entityType.features.filter(({ deprecationReason }) => deprecationReason === null);
  const chosen = features.slice(0, MAX_FEATURES);
  return [typedExample(entityType, entityId, chosen), entityExample(entityType, entityId, chosen), REGISTRY_EXAMPLE];
}

const REGISTRY_EXAMPLE: ExampleQuery = {
  name: 'registry',
  query: `# The featurestores, their entity types and their features.
query Registry {
  featurestores {
    nodes {
      name
      entityTypes {
        name
        entityIdColumns
        features {
          nodes {
            name
            valueType
            unit
            description
          }
        }
      }
    }
  }
}
`,
};

function typedExample(
  { featurestore, name }: EntityType,
  entityId: string,
  features: readonly Feature[],
): ExampleQuery {
  return {
    name: 'typed',
    query: `# Features of one entity as typed fields. Add asOf to read an earlier point in time.
query Typed {
  ${camelCase(featurestore.name)} {
    ${camelCase(name)}(entityId: ${JSON.stringify(entityId)}) {
${features.map((feature) => `      ${camelCase(feature.name)}`).join('\n')}
    }
  }
}
`,
  };
}

function entityExample(
  { featurestore, name }: EntityType,
  entityId: string,
  features: readonly Feature[],
): ExampleQuery {
  return {
    name: 'entity',
    query: `# The same features with their status and event time.
query Entity {
  entity(featurestore: ${JSON.stringify(featurestore.name)}, entityType: ${JSON.stringify(name)}, entityId: ${JSON.stringify(entityId)}) {
    features(names: ${JSON.stringify(features.map((feature) => feature.name))}) {
      name
      value
      status
      timestamp
    }
  }
}
`,
  };
}
