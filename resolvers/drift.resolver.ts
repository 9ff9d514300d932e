import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Feature as FeatureModel } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { statisticsComplexity } from '../schema/complexity.js';
import { DriftArguments, FeatureDrift } from '../schema/registry/feature-drift.js';
import { Feature } from '../schema/registry/feature.js';
import {
  DEFAULT_DRIFT_THRESHOLD,
  defaultMetric,
  distanceBetween,
  MAX_CATEGORIES,
  metricOf,
  type DriftMetric,
} from '../statistics/compare-distributions.js';
import type { RequestContext } from './context.js';
import { toCostTerms } from './jobs.js';
import { withStatistics } from './statistics.resolver.js';

/** A field of the class Feature, which cannot name it: the classes would refer to each other. */
@Resolver(() => Feature)
export class DriftResolver {
  @FieldResolver(() => FeatureDrift, {
    nullable: true,
    description:
      'How far the values in `range` are from those in `baseline`, computed in one query of the offline store. Permission and ' +
      'cost are those of `statistics`.',
    complexity: statisticsComplexity,
  })
  async drift(
    @Ctx() context: RequestContext,
    @Root() feature: FeatureModel,
    @Args(() => DriftArguments) { baseline, range, entityIds, bins, maxCostUsd, ...asked }: DriftArguments,
  ): Promise<FeatureDrift> {
    const ranges = [
      { field: 'baseline', range: baseline },
      { field: 'range', range },
    ];
    return withStatistics(context, feature, { ranges, entityIds, bins }, async (request) => {
      const metric = metricOf(feature, asked.metric ?? null);
      const threshold = thresholdOf(feature, metric, asked.threshold ?? null);
      const terms = toCostTerms(context.principal, maxCostUsd);
      const found = await context.statistics.compute({ ...request, topValues: MAX_CATEGORIES }, terms);
      const distance = distanceBetween(feature, metric, found);
      const [before, after] = found.ranges;
      return {
        metric,
        distance,
        threshold,
        isDrift: distance === null || threshold === null ? null : distance > threshold,
        baselineCount: before!.count,
        count: after!.count,
        baselineMissing: before!.missing,
        missing: after!.missing,
      };
    });
  }
}

function thresholdOf(feature: FeatureModel, metric: DriftMetric, asked: number | null): number | null {
  if (asked !== null) {
    if (asked >= 0) return asked;
    throw badInput(`"threshold" is a number from 0, not ${asked}.`, 'threshold');
  }
  return metric === defaultMetric(feature) ? (feature.driftThreshold ?? DEFAULT_DRIFT_THRESHOLD) : null;
}
