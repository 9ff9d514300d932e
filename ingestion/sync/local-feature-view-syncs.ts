import type { Instant } from '../../values/instant.js';
import type { FeatureStores } from '../../serving/feature-stores.js';
import type { FeatureView } from '../../datasources/registry/model.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncs,
  StartFeatureViewSync,
  SyncRange,
} from '../feature-view-syncs.js';
import type { SyncJobs } from './sync-jobs.js';
import { syncWork } from './sync-work.js';

/** Syncs that the gateway does itself (local-sync-runner.ts): it copies from the offline store into the online store. */
export class LocalFeatureViewSyncs implements FeatureViewSyncs {
  constructor(
    private readonly jobs: SyncJobs,
    private readonly stores: Pick<FeatureStores, 'offline'>,
  ) {}

  start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord> {
    const { view } = request;
    return this.jobs.start(request, { work: () => syncWork(view, this.stores.offline(view.entityType.featurestore)) });
  }

  list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]> {
    return this.jobs.list(view, page);
  }

  dataWatermark(view: FeatureView): Promise<Instant | null> {
    return this.jobs.dataWatermark(view);
  }
}
