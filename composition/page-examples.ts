import type { Access } from '../auth/policy/access.js';
import type { EntityType } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { isVisibleFeaturestore } from '../resolvers/catalogue.js';
import { readExampleQueries, type PageExamples } from '../server/example-queries.js';
import { makeExampleQueries } from '../server/make-example-queries.js';
import type { FeatureStores } from '../serving/feature-stores.js';

/** The examples for a client with this access. */
export type MakePageExamples = (access: Access) => Promise<PageExamples>;

/**
 * The registry's own example queries, or generated ones. Its own have any names and ids, so they are for clients that may read
 * everything. Generated ones have what the client may read of all entities. Only an embedded store is asked for an id: a
 * warehouse would bill the query.
 */
export function pageExamples(registry: Registry, stores: FeatureStores, folder: string): MakePageExamples {
  const sampleEntityId = async (entityType: EntityType): Promise<string | undefined> => {
    if (entityType.featurestore.offlineStore.kind !== 'DUCKDB') return undefined;
    const [entityId] = await stores.offline(entityType.featurestore).sampleEntityIds(entityType, 1);
    return entityId;
  };
  // Finding an id reads the ids of the whole history: once, and only for a page that is opened. A start must not wait for it.
  const ids = new Map<EntityType, Promise<string | undefined>>();
  const entityIdOf = (entityType: EntityType): Promise<string | undefined> => {
    let id = ids.get(entityType);
    if (!id) ids.set(entityType, (id = sampleEntityId(entityType)));
    return id;
  };
  const entityTypes = registry.featurestores.flatMap((featurestore) => featurestore.entityTypes);
  return async (access) => {
    const mayReadAll = entityTypes.every((entityType) => access.reads(entityType).isFull);
    const written = mayReadAll ? await readExampleQueries(folder) : [];
    const visible = registry.featurestores.filter((featurestore) => isVisibleFeaturestore(access, featurestore));
    return {
      registry: visible.map(({ name }) => name).join(','),
      queries: written.length > 0 ? written : await makeExampleQueries(registry, entityIdOf, access),
    };
  };
}
