import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Feature as FeatureModel } from '../datasources/registry/model.js';
import type { Distributions, TypedValues } from '../datasources/offline/statistics-read.js';
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
      // Before the query, which costs.
      chosen(feature, asked);
      const terms = toCostTerms(context.principal, maxCostUsd);
      return driftOf(
        feature,
        asked,
        await context.statistics.compute({ ...request, topValues: MAX_CATEGORIES }, terms),
      );
    });
  }
}

/** What is compared, with the threshold of the registry; null: it has none. */
type ComparedValues = TypedValues & Pick<FeatureModel, 'driftThreshold'>;

interface AskedDrift {
  readonly metric?: DriftMetric | null | undefined;
  readonly threshold?: number | null | undefined;
}

/** The drift from the first range to the second. */
export function driftOf(values: ComparedValues, asked: AskedDrift, found: Distributions): FeatureDrift {
  const { metric, threshold } = chosen(values, asked);
  const distance = distanceBetween(values, metric, found);
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
}

function chosen(values: ComparedValues, asked: AskedDrift): Pick<FeatureDrift, 'metric' | 'threshold'> {
  const metric = metricOf(values, asked.metric ?? null);
  return { metric, threshold: thresholdOf(values, metric, asked.threshold ?? null) };
}

function thresholdOf(values: ComparedValues, metric: DriftMetric, asked: number | null): number | null {
  if (asked !== null) {
    if (asked >= 0) return asked;
    throw badInput(`"threshold" is a number from 0, not ${asked}.`, 'threshold');
  }
  return metric === defaultMetric(values) ? (values.driftThreshold ?? DEFAULT_DRIFT_THRESHOLD) : null;
}
