import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { Featurestore } from '../datasources/registry/model.js';

/** The stores of each featurestore. The registry chooses the adapters; readers do not depend on the choice. */
export interface FeatureStores {
  online(featurestore: Featurestore): OnlineStore;
  offline(featurestore: Featurestore): OfflineStore;
}
