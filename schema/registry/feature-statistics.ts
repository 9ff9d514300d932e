import { ArgsType, Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import type { Instant } from '../../values/instant.js';
import { ENTITY_IDS } from '../arguments.js';
import { listComplexity } from '../complexity.js';
import { MaxCostUsd } from '../cost/max-cost-usd.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';

@InputType({ description: 'A range of event time. Ranges of which one begins where another ends share no value.' })
export class TimeRangeInput {
  @Field(() => DateTime, {
    nullable: true,
    description: 'The earliest event time, inclusive. Null: the range begins with the first value.',
  })
  from?: Instant | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The end of the range, exclusive. Null, or a time of the future: the range ends with the moment of the request.',
  })
  before?: Instant | null;
}

@ObjectType({ simpleResolvers: true, description: 'A quantile: the value at or below which a share of values lies.' })
export class FeatureQuantile {
  @Field(() => Float, { description: 'The share of the values, from 0 to 1.' })
  share!: number;

  @Field(() => FeatureScalar, { description: 'The smallest value that is not less than this share of the values.' })
  value!: unknown;
}

@ObjectType({ simpleResolvers: true, description: 'A value and how often it occurs.' })
export class ValueCount {
  @Field(() => FeatureScalar, { description: 'The value.' })
  value!: unknown;

  @Field(() => BigIntScalar, { description: 'How often it occurs.' })
  count!: bigint;
}

@ObjectType({ simpleResolvers: true, description: 'A bin of a histogram.' })
export class HistogramBin {
  @Field(() => Float, { description: 'The lower end, inclusive.' })
  low!: number;

  @Field(() => Float, { description: 'The upper end, exclusive. Of the last bin: inclusive.' })
  high!: number;

  @Field(() => BigIntScalar, { description: 'The number of values in the bin.' })
  count!: bigint;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Statistics of the values of one feature. Each entity has one value for each event time, as in Entity.history. ' +
    'INT64 and DOUBLE have all numbers. TIMESTAMP has no mean, deviation and histogram. BOOL and STRING have counts and ' +
    'top values, and BOOL a mean. Arrays, BYTES and STRUCT have `count` and `missing` only. A number that the value type ' +
    'does not have is null, and a list of such numbers is empty.',
})
export class FeatureStatistics {
  @Field(() => BigIntScalar, { description: 'The number of values.' })
  count!: bigint;

  @Field(() => BigIntScalar, {
    description:
      'The number of pairs of an entity and an event time at which the source has rows, and the feature no value.',
  })
  missing!: bigint;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'The number of different values. It is exact in every store. NaN is one value.',
  })
  distinct!: bigint | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description:
      'The number of values that are NaN or infinite. They are in `count`, `distinct` and `topValues`, and in no other ' +
      'number. Null unless the feature is a DOUBLE.',
  })
  notFinite!: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The mean, in the unit of the feature. For BOOL: the share of true. Null without a value.',
  })
  mean!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The standard deviation of the population, in the unit of the feature. Null without a value.',
  })
  standardDeviation!: number | null;

  @Field(() => FeatureScalar, { nullable: true, description: 'The smallest value. Null without a value.' })
  min!: unknown;

  @Field(() => FeatureScalar, { nullable: true, description: 'The largest value. Null without a value.' })
  max!: unknown;

  @Field(() => [FeatureQuantile], {
    description: 'The quantiles 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95 and 0.99. Empty without a value.',
    complexity: listComplexity(),
  })
  quantiles!: readonly FeatureQuantile[];

  @Field(() => Boolean, {
    description:
      'Whether the quantiles are approximate: BigQuery estimates them, within about 1 % of the number of values. The ' +
      'embedded store computes them exactly. All other numbers are exact in both.',
  })
  hasApproximateQuantiles!: boolean;

  @Field(() => [ValueCount], {
    description: 'The most frequent values, most frequent first; among equally frequent ones the smallest first.',
    complexity: listComplexity(),
  })
  topValues!: readonly ValueCount[];

  @Field(() => [HistogramBin], {
    description:
      'Bins of equal width from `min` to `max`. One bin if these are equal. Empty without a value. INT64 is counted as the ' +
      'nearest double.',
    complexity: listComplexity(),
  })
  histogram!: readonly HistogramBin[];

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The oldest event time in the range, also of rows without a value. Null without rows, or if the source is static.',
  })
  oldest!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The newest event time in the range, also of rows without a value: how fresh the source is. Null without rows, or if the ' +
      'source is static.',
  })
  newest!: bigint | null;
}

const { defaultTopValues, defaultHistogramBins, maxTopValues, maxHistogramBins } = REQUEST_LIMITS;

/** Which values statistics are of. */
@ArgsType()
export class CountedValuesArguments {
  @Field(() => TimeRangeInput, {
    nullable: true,
    description: 'The range of event time. Null: all values until now. It does not apply to a static source.',
  })
  range?: TimeRangeInput | null;

  @Field(() => [ID], { nullable: true, description: `${ENTITY_IDS} Null: all entities.` })
  entityIds?: string[] | null;
}

@ArgsType()
export class StatisticsArguments extends CountedValuesArguments {
  @Field(() => Int, {
    nullable: true,
    defaultValue: defaultTopValues,
    description: `The maximum number of topValues, from 1 to ${maxTopValues}.`,
  })
  topValues?: number | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: defaultHistogramBins,
    description: `The number of bins of the histogram, from 1 to ${maxHistogramBins}.`,
  })
  bins?: number | null;

  @MaxCostUsd
  maxCostUsd?: number | null;
}
