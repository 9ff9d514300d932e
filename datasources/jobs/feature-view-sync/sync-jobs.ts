import type { Instant } from '../../../values/instant.js';
import type { FeatureView, StoreKind } from '../../registry/model.js';
import { featureViewIn, type Registry } from '../../registry/registry.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncSpec,
  StartFeatureViewSync,
  SyncRange,
  SyncTrigger,
} from '../feature-view-syncs.js';
import type { JobEngine } from '../job-engine.js';
import { JobFailure } from '../job.js';
import type { JobFilter } from '../job-store.js';
import type { JobRequest } from '../new-job.js';

export function specOf(view: FeatureView, trigger: SyncTrigger): FeatureViewSyncSpec {
  const { featurestore } = view.entityType;
  return {
    featurestore: featurestore.name,
    featureView: view.name,
    onlineStore: featurestore.onlineSettings.kind,
    trigger,
  };
}

/**
 * The view of a job, as it is now. FEATURESTORE_NOT_FOUND or FEATURE_VIEW_NOT_FOUND when it is gone from the registry; a
 * JobFailure when it is served from another kind of store by now, which this job would be of no use to.
 */
export function viewOf(registry: Registry, spec: FeatureViewSyncSpec): FeatureView {
  const featurestore = registry.featurestore(spec.featurestore);
  const { kind } = featurestore.onlineSettings;
  if (kind !== spec.onlineStore) {
    const message = `The values of "${spec.featurestore}" are in ${kind} by now, not in ${spec.onlineStore}. Start a new sync.`;
    throw new JobFailure('STORE_CHANGED', message);
  }
  return featureViewIn(featurestore, spec.featureView);
}

export type SyncRequest = Pick<JobRequest, 'check' | 'work'>;

/** The sync jobs of one kind of online store, in the gateway's records. */
export class SyncJobs {
  constructor(
    readonly engine: JobEngine,
    private readonly store: StoreKind,
    /** What is synced by the syncs of a view: the view itself, or what several views are served from. */
    private readonly partOf: (view: FeatureView) => string,
  ) {}

  async start({ view, labels, trigger, ...origin }: StartFeatureViewSync, how: SyncRequest) {
    const record = await this.engine.start({
      kind: 'FEATURE_VIEW_SYNC',
      spec: specOf(view, trigger),
      target: this.targetOf(view),
      displayName: null,
      labels,
      ...origin,
      ...how,
    });
    return record as FeatureViewSyncJobRecord;
  }

  async list(view: FeatureView, { before, limit }: SyncRange, filter: JobFilter = {}) {
    const target = this.targetOf(view);
    const records = await this.engine.list({ filter: { ...filter, target }, before, limit });
    return records as FeatureViewSyncJobRecord[];
  }

  async servedUpTo(view: FeatureView): Promise<Instant | null> {
    const [newest] = await this.list(view, { before: null, limit: 1 }, { states: ['SUCCEEDED'] });
    return newest?.result?.servedUpTo ?? null;
  }

  /** With the kind of store in it: what was brought into another store says nothing of what this one serves. */
  targetOf(view: FeatureView): string {
    return `sync/${this.store}/${view.entityType.featurestore.name}/${this.partOf(view)}`;
  }
}
