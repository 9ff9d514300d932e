import type { Access } from '../auth/policy/access.js';
import { checkJob } from '../auth/policy/permission.js';
import { Arg, Ctx, FieldResolver, Float, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { AFTER_ARGUMENT, firstArgument } from '../schema/arguments.js';
import type { FeatureViewSyncJobRecord, StartFeatureViewSync, SyncTrigger } from '../ingestion/feature-view-syncs.js';
import type { FeatureView as FeatureViewModel } from '../datasources/registry/model.js';
import { getFeatureViewIn } from '../datasources/registry/registry.js';
import type { Instant } from '../values/instant.js';
import { listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import { FeatureViewSyncJob } from '../schema/job/feature-view-sync-job.js';
import { Job, JobConnection } from '../schema/job/job.js';
import { SyncFeatureViewInput, SyncFeatureViewPayload } from '../schema/job/sync-feature-view.js';
import { FeatureView } from '../schema/registry/feature-view.js';
import { formatResourceName } from '../schema/resource-name.js';
import { isVisibleView, namedFeaturestore } from './catalogue.js';
import { maySeeNewestRow } from './feature-source.js';
import { visibleTo } from './visible-jobs.js';
import type { RequestContext } from './context.js';
import { estimateWork } from '../costs/estimate-work.js';
import { jobCostEstimate } from '../costs/job-cost.js';
import { costEstimate } from './costs.js';
import { withFieldPath } from './field-path.js';
import { toJobRequest, toJobPage, stringLabels } from './jobs.js';
import { jobPayload, type JobPayload } from './user-errors.js';

/** The sync that a client asks for, under the policy. */
function syncRequest(
  { registry, access, principal }: Pick<RequestContext, 'registry' | 'access' | 'principal'>,
  input: SyncFeatureViewInput,
): StartFeatureViewSync {
  const featurestore = namedFeaturestore({ registry, access }, input.featurestore);
  const known = featurestore.featureViews.filter((each) => isKnownView(access, each));
  const view = getFeatureViewIn(featurestore, input.featureView, 'featureView', known);
  const permission = access.jobOf('FEATURE_VIEW_SYNC', view.entityType);
  const maxCostUsd = checkJob(permission, input.maxCostUsd ?? null, 'sync this feature view', 'featureView');
  return {
    view,
    labels: stringLabels(input.labels),
    trigger: 'REQUEST',
    ...toJobRequest(principal, {
      idempotencyKey: input.idempotencyKey,
      maxCostUsd,
      cancelAboveUsd: input.cancelAboveUsd,
    }),
  };
}

@Resolver(() => FeatureViewSyncJob)
export class FeatureViewSyncResolver {
  @Mutation(() => SyncFeatureViewPayload, {
    description:
      'Starts a job that copies the newest values of a feature view from the offline store to the online store. ' +
      'The gateway stores the job before it returns it. Reads continue during the job. A newer value in the ' +
      'online store stays.',
  })
  syncFeatureView(
    @Ctx() { registry, featureViewSyncs, access, audit, principal }: RequestContext,
    @Arg('input', () => SyncFeatureViewInput, { description: 'The feature view to sync.' }) input: SyncFeatureViewInput,
  ): Promise<JobPayload<FeatureViewSyncJobRecord>> {
    return jobPayload(audit, { action: 'FEATURE_VIEW_SYNC' }, async () =>
      featureViewSyncs.start(syncRequest({ registry, access, principal }, input)),
    );
  }

  @Query(() => CostEstimate, {
    nullable: true,
    description:
      'Estimates what `syncFeatureView` with this input would cost, from the bytes that the sync scans. No job is started. ' +
      'Refused as `syncFeatureView` is. Null where the gateway does not know the size of the tables: Vertex AI reads tables ' +
      'that the registry does not have.',
  })
  async estimateFeatureViewSync(
    @Ctx() { registry, featureViewSyncs, access, principal, costs }: RequestContext,
    @Arg('input', () => SyncFeatureViewInput, { description: 'The input of the mutation.' })
    input: SyncFeatureViewInput,
  ): Promise<CostEstimate | null> {
    return withFieldPath('input', async () => {
      const work = await featureViewSyncs.work(syncRequest({ registry, access, principal }, input));
      return work && costEstimate(await estimateWork(costs.estimator, work));
    });
  }

  @FieldResolver()
  featureView(
    @Root() { spec }: FeatureViewSyncJobRecord,
    @Ctx() { registry, access }: RequestContext,
  ): FeatureViewModel | null {
    const views = registry.findFeaturestore(spec.featurestore)?.featureViews;
    return views?.find((view) => view.name === spec.featureView && isKnownView(access, view)) ?? null;
  }

  @FieldResolver()
  trigger(@Root() { spec }: FeatureViewSyncJobRecord): SyncTrigger {
    return spec.trigger;
  }

  @FieldResolver()
  rowsSynced(@Root() { result }: FeatureViewSyncJobRecord): bigint | null {
    return result?.rows ?? null;
  }

  @FieldResolver()
  dataWatermark(@Root() { result }: FeatureViewSyncJobRecord): Instant | null {
    return result?.dataWatermark ?? null;
  }

  @FieldResolver()
  slotMilliseconds(@Root() { result }: FeatureViewSyncJobRecord): bigint | null {
    return result?.slotMillis ?? null;
  }

  @FieldResolver()
  estimatedCost(@Root() { cost }: FeatureViewSyncJobRecord, @Ctx() { costs }: RequestContext): CostEstimate | null {
    return cost && costEstimate(jobCostEstimate(costs.estimator, cost));
  }
}

/** Whether the principal may see a view, or may sync it. */
function isKnownView(access: Access, view: FeatureViewModel): boolean {
  return isVisibleView(access, view) || access.jobOf('FEATURE_VIEW_SYNC', view.entityType).isAllowed;
}

/** The fields of a feature view about its syncs. The class FeatureView cannot have them without an import cycle with jobs. */
@Resolver(() => FeatureView)
export class SyncsOfFeatureViewResolver {
  @FieldResolver(() => Job, {
    nullable: true,
    description: 'The newest sync into the current online store. It can still be running. Null if there is none.',
  })
  async lastSync(
    @Root() view: FeatureViewModel,
    @Ctx() { featureViewSyncs, access }: RequestContext,
  ): Promise<FeatureViewSyncJobRecord | null> {
    const [newest] = await featureViewSyncs.list(view, { before: null, limit: 1, isVisible: visibleTo(access) });
    return newest ?? null;
  }

  @FieldResolver(() => JobConnection, {
    description: 'The syncs into the current online store, newest first, including those with the trigger EXTERNAL.',
    complexity: listComplexity('first'),
  })
  syncs(
    @Root() view: FeatureViewModel,
    @Ctx() { featureViewSyncs, access }: RequestContext,
    @Arg('first', () => Int, firstArgument())
    first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT)
    after: string | null | undefined,
  ): Promise<Connection<FeatureViewSyncJobRecord>> {
    const { name, entityType } = view;
    const id = formatResourceName({
      kind: 'featureView',
      featurestore: entityType.featurestore.name,
      featureView: name,
    });
    return toJobPage(`${id}/syncs`, { first, after }, (range) =>
      featureViewSyncs.list(view, { ...range, isVisible: visibleTo(access) }),
    );
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description:
      'Seconds since the moment up to which all values are served: the newest data watermark, which is the start of the ' +
      'last sync that succeeded, or the watermark of a continuous sync. If a source of the view is behind its files, ' +
      'only its values up to its newest event time are served, and that time counts if it is earlier. Null until a sync ' +
      'into the current online store succeeds, and to a client that may not read all entities while a source is behind.',
  })
  async freshnessSeconds(
    @Root() view: FeatureViewModel,
    @Ctx() { featureViewSyncs, sourceRefreshes, access, now }: RequestContext,
  ): Promise<number | null> {
    const dataWatermark = await featureViewSyncs.dataWatermark(view);
    if (dataWatermark === null) return null;
    const sources = new Set(view.features.map(({ source }) => source).filter(({ sql }) => sql !== null));
    const read = await Promise.all(
      Array.from(sources, async (source) => ({ source, freshness: await sourceRefreshes.freshness(source, now) })),
    );
    const behind = read.filter(({ freshness }) => freshness.isBehind && freshness.newestKnownTimestamp !== null);
    if (!behind.every(({ source }) => maySeeNewestRow(access, source))) return null;
    const times = behind.map(({ freshness }) => freshness.newestKnownTimestamp!);
    const servedUpTo = [dataWatermark, ...times].reduce((a, b) => (b < a ? b : a));
    // The clock of another machine can be ahead.
    return Math.max(0, Number(now - servedUpTo) / 1e6);
  }
}
