import { badInput } from '../errors/app-error.js';
import type { Instant } from '../values/instant.js';
import type { FeatureView, OnlineStoreKind } from '../datasources/registry/model.js';
import { hasVersions } from '../datasources/registry/store-kinds.js';
import type {
  FeatureViewSyncJobRecord,
  FeatureViewSyncs,
  StartFeatureViewSync,
  SyncRange,
} from './feature-view-syncs.js';
import type { JobControl, JobOutcome, JobRunner } from '../jobs/job-runner.js';
import { JobFailure } from '../jobs/job-failure.js';

/** How views of one kind of online store are synced: where syncs are started and listed, and what does them. */
export interface FeatureViewSyncRoute {
  readonly syncs: FeatureViewSyncs;
  readonly runner: JobRunner;
}

/** Sends each sync to whoever can do it: this gateway, or Vertex AI. */
export class FeatureViewSyncsByStore implements FeatureViewSyncs, JobRunner {
  readonly kind = 'FEATURE_VIEW_SYNC';

  constructor(
    /** undefined for an online store that is not filled by syncs. */
    private readonly getRoute: (onlineStore: OnlineStoreKind) => FeatureViewSyncRoute | undefined,
  ) {}

  async start(request: StartFeatureViewSync): Promise<FeatureViewSyncJobRecord> {
    const { featurestore } = request.view.entityType;
    const { onlineSettings } = featurestore;
    if (hasVersions(onlineSettings)) {
      throw badInput(
        `The online store of "${featurestore.name}" has every value of a while, from which reads of the past are answered. A ` +
          'sync brings the newest alone, and would make such answers wrong: write the values there.',
        'featurestore',
      );
    }
    const route = this.#routeOfView(request.view);
    if (route) return route.syncs.start(request);
    throw badInput(
      `The online store of "${featurestore.name}" is ${featurestore.onlineStore.kind}, which is filled by imports and ` +
        'writes, not by syncs.',
      'featurestore',
    );
  }

  async list(view: FeatureView, page: SyncRange): Promise<readonly FeatureViewSyncJobRecord[]> {
    return (await this.#routeOfView(view)?.syncs.list(view, page)) ?? [];
  }

  async dataWatermark(view: FeatureView): Promise<Instant | null> {
    return (await this.#routeOfView(view)?.syncs.dataWatermark(view)) ?? null;
  }

  run(job: FeatureViewSyncJobRecord, control: JobControl): Promise<JobOutcome> {
    const route = this.getRoute(job.spec.onlineStore);
    if (!route) throw new JobFailure('UNKNOWN_KIND', `This gateway does not sync into ${job.spec.onlineStore}.`);
    return route.runner.run(job, control);
  }

  isRemote(job: FeatureViewSyncJobRecord): boolean {
    return this.getRoute(job.spec.onlineStore)?.runner.isRemote?.(job) ?? false;
  }

  #routeOfView({ entityType }: FeatureView): FeatureViewSyncRoute | undefined {
    return this.getRoute(entityType.featurestore.onlineSettings.kind);
  }
}
