import type { JobFilter } from '../../datasources/job-store/job-store.js';
import type { FeatureView } from '../../datasources/registry/model.js';
import { getFeatureViewIn, type Registry } from '../../datasources/registry/registry.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { JobPlan } from '../../jobs/job-handler.js';
import type { Instant } from '../../values/instant.js';
import {
  FEATURE_VIEW_SYNC,
  isFeatureViewSyncJob,
  type FeatureViewSyncJobRecord,
  type FeatureViewSyncSpec,
  type StartFeatureViewSync,
  type SyncRange,
  type SyncTrigger,
} from '../feature-view-syncs.js';
import { syncTargetKey } from './sync-target.js';

export function toSyncSpec(view: FeatureView, trigger: SyncTrigger): FeatureViewSyncSpec {
  const { featurestore } = view.entityType;
  return { featurestore: featurestore.name, featureView: view.name, target: syncTargetKey(view), trigger };
}

/** What all syncs have in common as jobs. */
export function planSync({ view, labels, trigger }: StartFeatureViewSync): JobPlan<FeatureViewSyncSpec> {
  const spec = toSyncSpec(view, trigger);
  return { displayName: null, labels, spec, target: spec.target };
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

/** The sync jobs of views, in the gateway's records: those of what each serves by now. */
export class SyncJobs {
  constructor(private readonly engine: JobEngine) {}

  async list(
    view: FeatureView,
    { before, limit }: SyncRange,
    filter: JobFilter = {},
  ): Promise<readonly FeatureViewSyncJobRecord[]> {
    const ofView = { ...filter, kinds: [FEATURE_VIEW_SYNC], target: syncTargetKey(view) };
    return (await this.engine.list({ filter: ofView, before, limit })).filter(isFeatureViewSyncJob);
  }

  async dataWatermark(view: FeatureView): Promise<Instant | null> {
    const [newest] = await this.list(view, { before: null, limit: 1 }, { states: ['SUCCEEDED'] });
    return newest?.result?.dataWatermark ?? null;
  }
}
