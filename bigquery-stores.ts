import type { OfflineStore } from './datasources/offline/offline-store.js';
import type { Featurestore } from './datasources/registry/model.js';
import type { Registry } from './datasources/registry/registry.js';
import { requestScope } from './observability/request-scope.js';
import { systemClock } from './values/clock.js';

/**
 * The offline stores of the featurestores whose registry names BigQuery, open and checked. Nothing of BigQuery is loaded
 * when none does.
 */
export async function openBigQueryStores(registry: Registry): Promise<ReadonlyMap<Featurestore, OfflineStore>> {
  const stores = new Map<Featurestore, OfflineStore>();
  for (const featurestore of registry.featurestores) {
    const { offlineSettings, entityTypes } = featurestore;
    if (offlineSettings.kind !== 'BIGQUERY') continue;
    const { openBigQueryOfflineStore } = await import('./datasources/offline/bigquery/open-bigquery.js');
    const store = await openBigQueryOfflineStore(
      offlineSettings,
      entityTypes.flatMap(({ sources }) => sources),
      { clock: systemClock, currentOrigin: () => ({ requestId: requestScope.getStore()?.requestId }) },
    );
    stores.set(featurestore, store);
  }
  return stores;
}
