import type { ImportingOfflineStore } from '../datasources/offline/importing-offline-store.js';
import type { FillableOnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { Clock } from '../values/clock.js';
import { findFillOwner, type FillOwner } from './fill-fingerprint.js';
import { prepareStores, type PrepareOutcome, type PrepareProgress } from './prepare.js';

export interface StorePreparationOptions {
  readonly registry: Registry;
  readonly offline: ImportingOfflineStore;
  /** null for a store that is filled by its own syncs and imports. */
  readonly toFill: (featurestore: Featurestore) => FillableOnlineStore | null;
  readonly clock: Clock;
}

/** Prepares the stores at the start of a gateway, and then tells whether they still have what it computed. */
export class StorePreparation {
  #computed: PrepareOutcome['fillFingerprints'] = new Map();

  constructor(private readonly options: StorePreparationOptions) {}

  async prepare(onProgress: (progress: PrepareProgress) => void): Promise<PrepareOutcome> {
    const { registry, offline, toFill, clock } = this.options;
    const outcome = await prepareStores(registry, offline, toFill, clock, onProgress);
    this.#computed = outcome.fillFingerprints;
    return outcome;
  }

  async fillOwner(entityType: EntityType): Promise<FillOwner> {
    const store = this.options.toFill(entityType.featurestore);
    // A sync cannot overwrite anything in a store that no gateway fills.
    if (!store) return 'THIS_GATEWAY';
    return findFillOwner(await store.currentFill(entityType, true), this.#computed.get(entityType));
  }
}
