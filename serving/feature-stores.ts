import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { Featurestore } from '../datasources/registry/model.js';

/** The stores of each featurestore: which adapters they are is the registry's choice and no reader's concern. */
export interface FeatureStores {
  online(featurestore: Featurestore): OnlineStore;
  offline(featurestore: Featurestore): OfflineStore;
}
