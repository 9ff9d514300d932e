import type { Instant } from '../../values/instant.js';
import type { FeatureView } from '../../datasources/registry/model.js';
import { getFeatureViewIn, type Registry } from '../../datasources/registry/registry.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncSpec,
  StartFeatureViewSync,
  SyncRange,
  SyncTrigger,
} from '../feature-view-syncs.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { JobFilter } from '../../datasources/job-store/job-store.js';
import type { JobRequest } from '../../jobs/new-job.js';
import { syncTargetKey } from './sync-target.js';

export function toSyncSpec(view: FeatureView, trigger: SyncTrigger): FeatureViewSyncSpec {
  const { featurestore } = view.entityType;
  return {
    featurestore: featurestore.name,
    featureView: view.name,
    onlineStore: featurestore.onlineSettings.kind,
    target: syncTargetKey(view),
    trigger,
  };
}

/**
 * The view of a job, as it is now. FEATURESTORE_NOT_FOUND or FEATURE_VIEW_NOT_FOUND when it is gone from the registry; a
 * JobFailure when other features of it, or another online store, are what it is by now: of what this job has done nothing
 * is there, and what it would do is not all.
 */
export function findSyncView(registry: Registry, spec: FeatureViewSyncSpec): FeatureView {
  const view = getFeatureViewIn(registry.featurestore(spec.featurestore), spec.featureView);
  if (syncTargetKey(view) !== spec.target) {
    const message = `The online store or the features of "${spec.featureView}" are no more those of this sync. Start a new one.`;
    throw new JobFailure('STORE_CHANGED', message);
  }
  return view;
}

export type SyncRequest = Pick<JobRequest, 'check' | 'work'>;

/** The sync jobs of views, in the gateway's records: those of what each serves by now. */
export class SyncJobs {
  constructor(readonly engine: JobEngine) {}

  async start({ view, labels, trigger, ...origin }: StartFeatureViewSync, how: SyncRequest) {
    const record = await this.engine.start({
      kind: 'FEATURE_VIEW_SYNC',
      spec: toSyncSpec(view, trigger),
      target: syncTargetKey(view),
      displayName: null,
      labels,
      ...origin,
      ...how,
    });
    return record as FeatureViewSyncJobRecord;
  }

  async list(view: FeatureView, { before, limit }: SyncRange, filter: JobFilter = {}) {
    const target = syncTargetKey(view);
    const records = await this.engine.list({ filter: { ...filter, target }, before, limit });
    return records as FeatureViewSyncJobRecord[];
  }

  async dataWatermark(view: FeatureView): Promise<Instant | null> {
    const [newest] = await this.list(view, { before: null, limit: 1 }, { states: ['SUCCEEDED'] });
    return newest?.result?.dataWatermark ?? null;
  }
}
