import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { checkJob } from '../auth/policy/permission.js';
import type { EntityType as EntityTypeModel } from '../datasources/registry/model.js';
import { getEntityType } from '../datasources/registry/registry.js';
import type { RefreshTrigger, SourceRefreshJobRecord } from '../ingestion/source-refreshes.js';
import { RefreshSourceInput, RefreshSourcePayload } from '../schema/job/refresh-source.js';
import { listComplexity } from '../schema/complexity.js';
import { EntityType } from '../schema/registry/entity-type.js';
import { FeatureSource } from '../schema/registry/feature-source.js';
import { secondsBetween, type Instant } from '../values/instant.js';
import type { SourceFreshness } from '../ingestion/source-freshness.js';
import { SourceRefreshJob, type ComputedSource } from '../schema/job/source-refresh-job.js';
import type { RequestContext } from './context.js';
import { stringLabels, toJobRequest } from './jobs.js';
import { jobPayload, type JobPayload } from './user-errors.js';

@Resolver(() => SourceRefreshJob)
export class SourceRefreshResolver {
  @Mutation(() => RefreshSourcePayload, {
    description:
      'Starts a job that recomputes the sources of an entity type whose SQL, files or columns changed. The gateway ' +
      'stores the job before it returns it. Reads get the old values until the new ones replace them.',
  })
  refreshSource(
    @Ctx() { registry, sourceRefreshes, access, audit, principal }: RequestContext,
    @Arg('input', () => RefreshSourceInput, { description: 'The source to refresh.' }) input: RefreshSourceInput,
  ): Promise<JobPayload<SourceRefreshJobRecord>> {
    const name = `${input.featurestore}.${input.entityType}`;
    return jobPayload(audit, { action: 'SOURCE_REFRESH', entityType: name }, async () => {
      const entityType = getEntityType(registry.featurestore(input.featurestore), input.entityType);
      const permission = access.jobOf('SOURCE_REFRESH', entityType);
      const maxCostUsd = checkJob(permission, input.maxCostUsd ?? null, 'refresh this entity type', 'entityType');
      return sourceRefreshes.start({
        entityType,
        source: input.source ?? null,
        labels: stringLabels(input.labels),
        trigger: 'REQUEST',
        ...toJobRequest(principal, { idempotencyKey: input.idempotencyKey, maxCostUsd }),
      });
    });
  }

  @FieldResolver()
  entityType(@Root() { spec }: SourceRefreshJobRecord, @Ctx() { registry }: RequestContext): EntityTypeModel | null {
    const entityTypes = registry.findFeaturestore(spec.featurestore)?.entityTypes;
    return entityTypes?.find(({ name }) => name === spec.entityType) ?? null;
  }

  @FieldResolver()
  source(@Root() { spec }: SourceRefreshJobRecord): string | null {
    return spec.source;
  }

  @FieldResolver()
  trigger(@Root() { spec }: SourceRefreshJobRecord): RefreshTrigger {
    return spec.trigger;
  }

  @FieldResolver()
  steps(@Root() { result }: SourceRefreshJobRecord): number | null {
    return result?.steps ?? null;
  }

  @FieldResolver()
  rejectedRows(@Root() { result }: SourceRefreshJobRecord): number | null {
    return result?.rejectedRows ?? null;
  }

  @FieldResolver()
  computed(@Root() { result }: SourceRefreshJobRecord): ComputedSource[] | null {
    return result?.computed?.map((source) => ({ ...source, isIncremental: source.fullRefreshReason === null })) ?? null;
  }
}

/** How fresh the sources of an entity type are. */
@Resolver(() => EntityType)
export class SourcesOfEntityTypeResolver {
  @FieldResolver(() => [FeatureSource], {
    description: 'The sources of its features, and how fresh each is.',
    complexity: listComplexity(),
  })
  sources(
    @Root() { sources }: EntityTypeModel,
    @Ctx() { sourceRefreshes, now }: RequestContext,
  ): Promise<ReadSource[]> {
    return Promise.all(sources.map(async (source) => toSource(await sourceRefreshes.freshness(source, now), now)));
  }
}

interface ReadSource extends SourceFreshness {
  readonly freshnessSeconds: number | null;
}

function toSource(freshness: SourceFreshness, now: Instant): ReadSource {
  const { newestKnownTimestamp: newest } = freshness;
  return { ...freshness, freshnessSeconds: newest === null ? null : secondsBetween(newest, now) };
}
