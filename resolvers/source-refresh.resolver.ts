import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { checkJob } from '../auth/policy/permission.js';
import { THIS_MACHINE } from '../costs/price-book.js';
import type { EntityType as EntityTypeModel, Feature as FeatureModel } from '../datasources/registry/model.js';
import type {
  ComputedSource as ComputedSourceResult,
  RefreshTrigger,
  SourceRefreshJobRecord,
  SourceViolation,
} from '../ingestion/source-refreshes.js';
import { RefreshSourceInput, RefreshSourcePayload } from '../schema/job/refresh-source.js';
import { listComplexity } from '../schema/complexity.js';
import { EntityType } from '../schema/registry/entity-type.js';
import { FeatureSource } from '../schema/registry/feature-source.js';
import { Feature } from '../schema/registry/feature.js';
import { SourceRefreshJob, type ComputedSource } from '../schema/job/source-refresh-job.js';
import { SourceRefreshEstimate } from '../schema/cost/source-refresh-estimate.js';
import { isVisibleFeature, namedEntityType } from './catalogue.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';
import { withFieldPath } from './field-path.js';
import { toFeatureSource } from './feature-source.js';
import { stringLabels, toJobRequest } from './jobs.js';
import { visibleComputedViolations } from './visible-violations.js';
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
      const entityType = namedEntityType({ registry, access }, input.featurestore, input.entityType);
      const permission = access.jobOf('SOURCE_REFRESH', entityType);
      const maxCostUsd = checkJob(permission, input.maxCostUsd ?? null, 'refresh this entity type', 'entityType');
      return sourceRefreshes.start({
        entityType,
        source: input.source ?? null,
        labels: stringLabels(input.labels),
        trigger: 'REQUEST',
        ...toJobRequest(principal, {
          idempotencyKey: input.idempotencyKey,
          maxCostUsd,
          cancelAboveUsd: input.cancelAboveUsd,
        }),
      });
    });
  }

  @Query(() => SourceRefreshEstimate, {
    description:
      'Estimates what `refreshSource` with this input would compute: the rows, the bytes and the cost. No job is started. ' +
      'Refused as `refreshSource` is.',
  })
  async estimateSourceRefresh(
    @Ctx() { registry, sourceRefreshes, access, costs }: RequestContext,
    @Arg('input', () => RefreshSourceInput, { description: 'The input of the mutation.' })
    { featurestore, entityType: name, source, maxCostUsd }: RefreshSourceInput,
  ): Promise<SourceRefreshEstimate> {
    return withFieldPath('input', async () => {
      const entityType = namedEntityType({ registry, access }, featurestore, name);
      const permission = access.jobOf('SOURCE_REFRESH', entityType);
      checkJob(permission, maxCostUsd ?? null, 'refresh this entity type', 'entityType');
      const sources = await sourceRefreshes.estimate({ entityType, source: source ?? null });
      const bytes = sources.reduce((sum, one) => sum + one.bytes, 0n);
      return { sources, cost: costEstimate(await costs.estimator.historicalQuery({ bytes, priceBook: THIS_MACHINE })) };
    });
  }

  @FieldResolver()
  entityType(
    @Root() { spec }: SourceRefreshJobRecord,
    @Ctx() { registry, access }: RequestContext,
  ): EntityTypeModel | null {
    const entityTypes = registry.findFeaturestore(spec.featurestore)?.entityTypes;
    const found = entityTypes?.find(({ name }) => name === spec.entityType);
    const isKnown = found && (access.isVisible(found) || access.jobOf('SOURCE_REFRESH', found).isAllowed);
    return isKnown ? found : null;
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
    const toComputed = (source: ComputedSourceResult): ComputedSource => ({
      ...source,
      rowsLeftOut: source.rowsLeftOut ?? null,
      isIncremental: source.fullRefreshReason === null,
    });
    return result?.computed?.map(toComputed) ?? null;
  }

  @FieldResolver()
  violations(
    @Root() { spec, result }: SourceRefreshJobRecord,
    @Ctx() { registry, access }: RequestContext,
  ): readonly SourceViolation[] | null {
    if (!result?.violations) return null;
    const entityType = registry
      .findFeaturestore(spec.featurestore)
      ?.entityTypes.find(({ name }) => name === spec.entityType);
    return visibleComputedViolations(access, entityType, result.violations);
  }
}

/** The sources of an entity type. */
@Resolver(() => EntityType)
export class SourcesOfEntityTypeResolver {
  @FieldResolver(() => [FeatureSource], {
    description: 'The sources of its features, and how fresh each is.',
    complexity: listComplexity(),
  })
  sources(@Root() { sources }: EntityTypeModel, @Ctx() context: RequestContext): Promise<FeatureSource[]> {
    const visible = sources.filter(({ features }) =>
      features.some((feature) => isVisibleFeature(context.access, feature)),
    );
    return Promise.all(visible.map((source) => toFeatureSource(source, context)));
  }
}

/** A field of the class Feature, which cannot have it: the classes would refer to each other. */
@Resolver(() => Feature)
export class SourceOfFeatureResolver {
  @FieldResolver(() => FeatureSource, { description: 'The source that has its values, and how fresh it is.' })
  source(@Root() { source }: FeatureModel, @Ctx() context: RequestContext): Promise<FeatureSource> {
    return toFeatureSource(source, context);
  }
}
