import type { EntityType } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { readExampleQueries, type PageExamples } from '../server/example-queries.js';
import { makeExampleQueries } from '../server/make-example-queries.js';
import type { FeatureStores } from '../serving/feature-stores.js';

/**
 * The registry's own example queries, or generated ones. Only an embedded store is asked for an id: a warehouse would
 * bill the query.
 */
export function pageExamples(registry: Registry, stores: FeatureStores, folder: string): () => Promise<PageExamples> {
  const sampleEntityId = async (entityType: EntityType): Promise<string | undefined> => {
    if (entityType.featurestore.offlineStore.kind !== 'DUCKDB') return undefined;
    const [entityId] = await stores.offline(entityType.featurestore).sampleEntityIds(entityType, 1);
    return entityId;
  };
  const make = async (): Promise<PageExamples> => {
    const written = await readExampleQueries(folder);
    return {
      registry: registry.featurestores.map(({ name }) => name).join(','),
      queries: written.length > 0 ? written : await makeExampleQueries(registry, sampleEntityId),
    };
  };
  // Finding an id reads the ids of the whole history: once, and only for a page that is opened. A start must not wait for it.
  let examples: Promise<PageExamples> | undefined;
  return () => (examples ??= make());
}
