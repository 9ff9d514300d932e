import type { Access } from '../auth/policy/access.js';
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
 * Example queries for the GraphiQL page of a registry without a folder `queries`: reads of the first entity type with
 * features, a subscription if clients write values, and a list of the contents. Each query is valid for the schema of the
 * registry, and has only what a client with this access may read of all entities.
 */
export async function makeExampleQueries(
  registry: Registry,
  findEntityId: FindEntityId,
  access: Pick<Access, 'reads'>,
): Promise<ExampleQuery[]> {
  const entityTypes = registry.featurestores.flatMap((featurestore) => featurestore.entityTypes);
  const entityType = entityTypes.find((candidate) => shownFeatures(candidate, access).length > 0);
  if (!entityType) return [REGISTRY_EXAMPLE];
  const entityId = (await findEntityId(entityType)) ?? NO_ID;
  const features = shownFeatures(entityType, access);
  const chosen = features.slice(0, MAX_FEATURES);
  const timed = features.find(({ source }) => source.timestampColumn !== null);
  const written = features.filter(({ source }) => source.sql === null).slice(0, MAX_FEATURES);
  return [
    typedExample(entityType, entityId, chosen),
    entityExample(entityType, entityId, chosen),
    ...(timed ? [historyExample(entityType, entityId, timed)] : []),
    ...(written.length > 0 ? [followExample(entityType, entityId, written)] : []),
    REGISTRY_EXAMPLE,
  ];
}

/** An id tells that there is such an entity: only a client that may read a feature of all entities gets one. */
function shownFeatures(entityType: EntityType, access: Pick<Access, 'reads'>): readonly Feature[] {
  const { everywhere } = access.reads(entityType);
  return entityType.features.filter((feature) => feature.deprecationReason === null && everywhere.has(feature));
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

function entityExample(entityType: EntityType, entityId: string, features: readonly Feature[]): ExampleQuery {
  return {
    name: 'entity',
    query: `# The same features with their status and event time.
query Entity {
  ${entityField(entityType, entityId)} {
    features(names: ${namesOf(features)}) {
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

function historyExample(entityType: EntityType, entityId: string, { name }: Feature): ExampleQuery {
  return {
    name: 'history',
    query: `# All values of one feature, newest first.
query History {
  ${entityField(entityType, entityId)} {
    history(feature: ${JSON.stringify(name)}, first: 10) {
      nodes {
        value
        timestamp
      }
    }
  }
}
`,
  };
}

function followExample(
  { featurestore, name }: EntityType,
  entityId: string,
  features: readonly Feature[],
): ExampleQuery {
  return {
    name: 'follow',
    query: `# The current values, then an event for each write.
subscription Follow {
  featureValues(
    featurestore: ${JSON.stringify(featurestore.name)}
    entityType: ${JSON.stringify(name)}
    entityIds: ${JSON.stringify([entityId])}
    names: ${namesOf(features)}
  ) {
    cursor
    entities {
      entityId
      features(names: ${namesOf(features)}) {
        name
        value
        timestamp
      }
    }
  }
}
`,
  };
}

/** The start of a read of one entity of any type. */
function entityField({ featurestore, name }: EntityType, entityId: string): string {
  return `entity(
    featurestore: ${JSON.stringify(featurestore.name)}
    entityType: ${JSON.stringify(name)}
    entityId: ${JSON.stringify(entityId)}
  )`;
}

function namesOf(features: readonly Feature[]): string {
  return JSON.stringify(features.map(({ name }) => name));
}
