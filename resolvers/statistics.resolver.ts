import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { nameOf } from '../auth/audit/audit-trail.js';
import type { Feature as FeatureModel } from '../datasources/registry/model.js';
import {
  QUANTILE_PERCENTS,
  type Distribution,
  type Distributions,
  type TypedValues,
} from '../datasources/offline/statistics-read.js';
import { statisticsComplexity } from '../schema/complexity.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import {
  CountedValuesArguments,
  FeatureStatistics,
  StatisticsArguments,
} from '../schema/registry/feature-statistics.js';
import { Feature } from '../schema/registry/feature.js';
import type { StatisticsRequest, StatisticsResult } from '../statistics/feature-statistics.js';
import { toClientValue } from '../values/client-value.js';
import type { RawValue } from '../values/value-type.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';
import { toCostTerms } from './jobs.js';
import { statisticsRequest, type WantedStatistics } from './statistics-request.js';

/** Fields of the class Feature, which cannot name them: the classes would refer to each other. */
@Resolver(() => Feature)
export class StatisticsResolver {
  @FieldResolver(() => FeatureStatistics, {
    nullable: true,
    description:
      'Statistics of the values in a range of event time, computed in the offline store. The cost of the query is ' +
      'charged to the budget of the client. Refused with PERMISSION_DENIED unless the client may read the feature of all ' +
      'these entities.',
    complexity: statisticsComplexity,
  })
  async statistics(
    @Ctx() context: RequestContext,
    @Root() feature: FeatureModel,
    @Args(() => StatisticsArguments) { range, maxCostUsd, ...wanted }: StatisticsArguments,
  ): Promise<FeatureStatistics> {
    return withStatistics(context, feature, { ...wanted, ranges: [{ field: 'range', range }] }, async (request) => {
      const terms = toCostTerms(context.principal, maxCostUsd);
      return featureStatistics(feature, request.topValues, await context.statistics.compute(request, terms));
    });
  }

  @FieldResolver(() => CostEstimate, {
    nullable: true,
    description: 'Estimates the cost of `statistics` with these arguments, from the bytes that its query scans.',
  })
  async estimateStatistics(
    @Ctx() context: RequestContext,
    @Root() feature: FeatureModel,
    @Args(() => CountedValuesArguments) { range, entityIds }: CountedValuesArguments,
  ): Promise<CostEstimate> {
    const request = statisticsRequest(context, feature, { ranges: [{ field: 'range', range }], entityIds });
    const work = await context.statistics.work(request);
    return costEstimate(await context.costs.estimator.historicalQuery(work));
  }
}

/** Makes the request under the policy, does the work, and notes both in the audit log as a read. */
export function withStatistics<Result>(
  context: RequestContext,
  feature: FeatureModel,
  wanted: WantedStatistics,
  work: (request: StatisticsRequest) => Promise<Result>,
): Promise<Result> {
  const { entityIds } = wanted;
  const access = {
    action: 'READ',
    entityType: nameOf(feature.entityType),
    features: [feature.name],
    ...(entityIds ? { entityIds } : {}),
  } as const;
  return context.audit.run(access, async () => work(statisticsRequest(context, feature, wanted)));
}

/** The statistics of the first range, as clients read them. */
export function featureStatistics(
  feature: TypedValues,
  topValues: number,
  result: Distributions & Pick<StatisticsResult, 'hasApproximateQuantiles'>,
): FeatureStatistics {
  const of = result.ranges[0]!;
  const toClient = (value: RawValue) => toClientValue(feature.valueType, value);
  return {
    ...of,
    mean: feature.valueType === 'BOOL' ? shareOfTrue(of, result) : of.mean,
    min: of.min === null ? null : toClient(of.min),
    max: of.max === null ? null : toClient(of.max),
    quantiles: of.quantiles.map((value, index) => ({
      share: QUANTILE_PERCENTS[index]! / 100,
      value: toClient(value),
    })),
    hasApproximateQuantiles: result.hasApproximateQuantiles,
    topValues: result.topValues
      .slice(0, topValues)
      .map(({ value, counts }) => ({ value: toClient(value), count: counts[0]! })),
    histogram: of.bins.map((count, bin) => ({ low: result.edges[bin]!, high: result.edges[bin + 1]!, count })),
  };
}

function shareOfTrue({ count }: Distribution, { topValues }: Distributions): number | null {
  const ofTrue = topValues.find(({ value }) => value === true)?.counts[0] ?? 0n;
  return count === 0n ? null : Number(ofTrue) / Number(count);
}
