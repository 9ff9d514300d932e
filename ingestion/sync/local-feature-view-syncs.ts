import type { FeatureView } from '../../datasources/registry/model.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import type { Instant } from '../../values/instant.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncs,
  StartFeatureViewSync,
  SyncRange,
} from '../feature-view-syncs.js';
import type { LocalSyncHandler } from './local-sync-handler.js';
import type { JobWork } from '../../datasources/job-store/job-cost.js';
import { plannedWork } from './planned-work.js';
import { SyncJobs } from './sync-jobs.js';

/** Syncs that the gateway does itself: LocalSyncHandler copies from the offline store into the online store. */
export class LocalFeatureViewSyncs implements FeatureViewSyncs {
  readonly #jobs: SyncJobs;

  constructor(
    private readonly engine: JobEngine,
    private readonly handler: LocalSyncHandler,
  ) {
    this.#jobs = new SyncJobs(engine);
  }

  start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord> {
    return this.engine.start(this.handler, request);
  }

  work(request: StartFeatureViewSync): Promise<JobWork | null> {
    return plannedWork(this.handler, request);
  }

  list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]> {
    return this.#jobs.list(view, page);
  }

  dataWatermark(view: FeatureView): Promise<Instant | null> {
    return this.#jobs.dataWatermark(view);
  }
}
