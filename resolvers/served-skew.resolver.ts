import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { nameOf } from '../auth/audit/audit-trail.js';
import type { EntityType as EntityTypeModel } from '../datasources/registry/model.js';
import { statisticsComplexity } from '../schema/complexity.js';
import { EntityType } from '../schema/registry/entity-type.js';
import { ServedSkew, ServedSkewArguments, type FeatureServedSkew } from '../schema/registry/served-skew.js';
import type { FeatureSkew } from '../statistics/served-skew/skew-result.js';
import { toClientValue } from '../values/client-value.js';
import type { RequestContext } from './context.js';
import { toCostTerms } from './jobs.js';
import { servedSkewRequest, skewedFeatures } from './served-skew-request.js';

/** A field of the class EntityType, which cannot name it: the classes would refer to each other. */
@Resolver(() => EntityType)
export class ServedSkewResolver {
  @FieldResolver(() => ServedSkew, {
    nullable: true,
    description:
      'Training-serving skew: compares what was served with what a training set has, or with the history as of each read. Null ' +
      'if the gateway has no log of served values. Refused with PERMISSION_DENIED unless the client may read the features of ' +
      'all entities. The cost of the queries of the offline store is charged to the budget of the client.',
    complexity: statisticsComplexity,
  })
  async servedSkew(
    @Ctx() context: RequestContext,
    @Root() entityType: EntityTypeModel,
    @Args(() => ServedSkewArguments) { maxCostUsd, ...wanted }: ServedSkewArguments,
  ): Promise<ServedSkew | null> {
    const features = wanted.features ?? skewedFeatures(context.access, entityType).map(({ name }) => name);
    const access = { action: 'READ', entityType: nameOf(entityType), features } as const;
    return context.audit.run(access, async () => {
      const request = await servedSkewRequest(context, entityType, wanted);
      const result = await context.servedSkew.compare(request, toCostTerms(context.principal, maxCostUsd));
      return result && { ...result, features: result.features.map(toFeatureServedSkew) };
    });
  }
}

function toFeatureServedSkew({ feature, examples, ...counts }: FeatureSkew): FeatureServedSkew {
  return {
    ...counts,
    feature,
    examples: examples.map(({ entityId, labelTime, trained, served, reason }) => ({
      entityId,
      labelTime,
      readAt: served.readAt,
      trainedValue: trained.value === null ? null : toClientValue(feature.valueType, trained.value),
      servedValue: served.value === null ? null : toClientValue(served.valueType, served.value),
      servedStatus: served.status,
      trainedTimestamp: trained.timestamp ?? null,
      servedTimestamp: served.timestamp,
      reason,
    })),
  };
}
