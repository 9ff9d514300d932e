import type { FeatureStores } from '../serving/feature-stores.js';
import type { Registry } from '../datasources/registry/registry.js';
import { isHealthy } from '../serving/store-health.js';
import type { StoreUp } from '../observability/store-metrics.js';

/** The health of the stores of each featurestore, for the metrics. */
export async function checkStores({ featurestores }: Registry, stores: FeatureStores): Promise<StoreUp[]> {
  const found = featurestores.flatMap((featurestore) => [
    { featurestore: featurestore.name, store: 'online' as const, of: stores.online(featurestore) },
    { featurestore: featurestore.name, store: 'offline' as const, of: stores.offline(featurestore) },
  ]);
  return Promise.all(found.map(async ({ of, ...store }) => ({ ...store, isUp: await isHealthy(of) })));
}
