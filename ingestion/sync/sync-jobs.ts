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

/** The common part of all sync jobs. */
export function planSync({ view, labels, trigger }: StartFeatureViewSync): JobPlan<FeatureViewSyncSpec> {
  const spec = toSyncSpec(view, trigger);
  return { displayName: null, labels, spec, target: spec.target };
}

/**
 * The current view of a job. FEATURESTORE_NOT_FOUND or FEATURE_VIEW_NOT_FOUND when it was removed from the registry. A
 * JobFailure when its features or its online store have changed: nothing that this job wrote is in the current target,
 * and the rest of its work would be incomplete.
 */
export function findSyncView(registry: Registry, spec: FeatureViewSyncSpec): FeatureView {
  const view = getFeatureViewIn(registry.featurestore(spec.featurestore), spec.featureView);
  if (syncTargetKey(view) !== spec.target) {
    const message = `The online store or the features of "${spec.featureView}" changed after this sync started. Start a new one.`;
    throw new JobFailure('STORE_CHANGED', message);
  }
  return view;
}

/** The sync jobs of views in the gateway's records, for what each view serves now. */
export class SyncJobs {
  constructor(private readonly engine: JobEngine) {}

  async list(
    view: FeatureView,
    { before, limit, isVisible }: SyncRange,
    filter: JobFilter = {},
  ): Promise<readonly FeatureViewSyncJobRecord[]> {
    const ofView = { ...filter, kinds: [FEATURE_VIEW_SYNC], target: syncTargetKey(view), isVisible };
    return (await this.engine.list({ filter: ofView, before, limit })).filter(isFeatureViewSyncJob);
  }

  async dataWatermark(view: FeatureView): Promise<Instant | null> {
    const [newest] = await this.list(view, { before: null, limit: 1 }, { states: ['SUCCEEDED'] });
    return newest?.result?.dataWatermark ?? null;
  }
}
