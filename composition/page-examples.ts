import type { Registry } from '../datasources/registry/registry.js';
import { readExampleQueries, type ExampleQuery } from '../server/example-queries.js';
import { makeExampleQueries } from '../server/make-example-queries.js';
import type { FeatureStores } from '../serving/feature-stores.js';

/**
 * The registry's own example queries, or generated ones. Only an embedded store is asked for an id: a warehouse would
 * bill the query.
 */
export function pageExamples(registry: Registry, stores: FeatureStores, folder: string): () => Promise<ExampleQuery[]> {
  const make = async (): Promise<ExampleQuery[]> => {
    const examples = await readExampleQueries(folder);
    if (examples.length > 0) return examples;
    return makeExampleQueries(registry, async (entityType) => {
      if (entityType.featurestore.offlineStore.kind !== 'DUCKDB') return undefined;
      const [entityId] = await stores.offline(entityType.featurestore).sampleEntityIds(entityType, 1);
      return entityId;
    });
  };
  // Finding an id reads the ids of the whole history: once, and only for a page that is opened. A start must not wait for it.
  let examples: Promise<ExampleQuery[]> | undefined;
  return () => (examples ??= make());
}
