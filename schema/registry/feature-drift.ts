import { ArgsType, Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import { ENTITY_IDS } from '../arguments.js';
import { MaxCostUsd } from '../cost/max-cost-usd.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { TimeRangeInput } from './feature-statistics.js';

/* schema must not import a service, so the values are repeated here. A test compares them with the originals. */
export const DriftMetricEnum = {
  JENSEN_SHANNON: 'JENSEN_SHANNON',
  L_INFINITY: 'L_INFINITY',
  POPULATION_STABILITY_INDEX: 'POPULATION_STABILITY_INDEX',
  WASSERSTEIN: 'WASSERSTEIN',
} as const;

registerEnumType(DriftMetricEnum, {
  name: 'DriftMetric',
  description: 'A distance between two distributions.',
  valuesConfig: {
    JENSEN_SHANNON: {
      description: 'The Jensen-Shannon divergence to the base 2, from 0 to 1. The default for INT64 and DOUBLE.',
    },
    L_INFINITY: {
      description: 'The largest difference of the share of a value, from 0 to 1. The default for BOOL and STRING.',
    },
    POPULATION_STABILITY_INDEX: {
      description:
        'The population stability index, from 0 without a limit; more than 0.25 is usually called a shift. A bin without a ' +
        'value counts as a share of 0.0001.',
    },
    WASSERSTEIN: {
      description:
        'The Wasserstein distance of order 1, in the unit of the feature: how far the numbers moved on average. For INT64 ' +
        'and DOUBLE.',
    },
  },
});

@ObjectType({
  simpleResolvers: true,
  description:
    'How far the values of a feature in one range of event time are from those in another, the baseline. Numbers are ' +
    'compared by histograms over the same bins, BOOL and STRING by the shares of their values.',
})
export class FeatureDrift {
  @Field(() => DriftMetricEnum, { description: 'The metric.' })
  metric!: keyof typeof DriftMetricEnum;

  @Field(() => Float, {
    nullable: true,
    description: 'The distance. Null if one of the ranges has no value, or no finite number.',
  })
  distance!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The threshold: that of the argument, or else of the registry (`driftThreshold`), or else 0.3. Null for a metric that is ' +
      'not the default of the value type, unless it is an argument.',
  })
  threshold!: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the distance is greater than the threshold. Null if one of them is null.',
  })
  isDrift!: boolean | null;

  @Field(() => BigIntScalar, { description: 'The number of values in the baseline.' })
  baselineCount!: bigint;

  @Field(() => BigIntScalar, { description: 'The number of values in the range.' })
  count!: bigint;

  @Field(() => BigIntScalar, { description: 'FeatureStatistics.missing in the baseline.' })
  baselineMissing!: bigint;

  @Field(() => BigIntScalar, { description: 'FeatureStatistics.missing in the range.' })
  missing!: bigint;
}

const { defaultHistogramBins, maxHistogramBins } = REQUEST_LIMITS;

@ArgsType()
export class DriftArguments {
  @Field(() => TimeRangeInput, { description: 'The range to compare with.' })
  baseline!: TimeRangeInput;

  @Field(() => TimeRangeInput, { description: 'The range that may have drifted.' })
  range!: TimeRangeInput;

  @Field(() => [ID], { nullable: true, description: `${ENTITY_IDS} Null: all entities.` })
  entityIds?: string[] | null;

  @Field(() => DriftMetricEnum, { nullable: true, description: 'The metric. Null: the default of the value type.' })
  metric?: keyof typeof DriftMetricEnum | null;

  @Field(() => Float, { nullable: true, description: 'The threshold, at least 0. Null: see FeatureDrift.threshold.' })
  threshold?: number | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: defaultHistogramBins,
    description: `The number of bins of the histograms, from 1 to ${maxHistogramBins}.`,
  })
  bins?: number | null;

  @MaxCostUsd
  maxCostUsd?: number | null;
}
