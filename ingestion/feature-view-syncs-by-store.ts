import type { JobWork } from '../datasources/job-store/job-cost.js';
import type { FeatureView, OnlineStoreKind } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import type { Instant } from '../values/instant.js';
import { hasVersions } from '../datasources/registry/store-kinds.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncs,
  StartFeatureViewSync,
  SyncRange,
} from './feature-view-syncs.js';

/** Sends each sync to the system that performs it: this gateway or Vertex AI. */
export class FeatureViewSyncsByStore implements FeatureViewSyncs {
  constructor(
    /** undefined for an online store that syncs do not fill. */
    private readonly getSyncs: (onlineStore: OnlineStoreKind) => FeatureViewSyncs | undefined,
  ) {}

  async start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord> {
    return this.#requireSyncs(request).start(request);
  }

  async work(request: StartFeatureViewSync): Promise<JobWork | null> {
    return this.#requireSyncs(request).work(request);
  }

  #requireSyncs({ view }: StartFeatureViewSync): FeatureViewSyncs {
    const { featurestore } = view.entityType;
    const { onlineSettings } = featurestore;
    if (hasVersions(onlineSettings)) {
      throw badInput(
        `The online store of "${featurestore.name}" has every value of a while, from which reads of the past are answered. A ` +
          'sync brings the newest alone, and would make such answers wrong: write the values there.',
        'featurestore',
      );
    }
    const syncs = this.#findSyncs(view);
    if (syncs) return syncs;
    throw badInput(
      `The online store of "${featurestore.name}" is ${featurestore.onlineStore.kind}, which is filled by imports and ` +
        'writes, not by syncs.',
      'featurestore',
    );
  }

  async list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]> {
    return (await this.#findSyncs(view)?.list(view, page)) ?? [];
  }

  async dataWatermark(view: FeatureView): Promise<Instant | null> {
    return (await this.#findSyncs(view)?.dataWatermark(view)) ?? null;
  }

  #findSyncs({ entityType }: FeatureView): FeatureViewSyncs | undefined {
    return this.getSyncs(entityType.featurestore.onlineSettings.kind);
  }
}
