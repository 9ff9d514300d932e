import { ArgsType, Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import type { ValueType } from '../../values/value-type.js';
import { MaxCostUsd } from '../cost/max-cost-usd.js';
import { ValueTypeEnum } from '../registry/enums.js';
import { DriftMetricEnum, FeatureDrift } from '../registry/feature-drift.js';
import { FeatureStatistics, TimeRangeInput } from '../registry/feature-statistics.js';

const { defaultTopValues, defaultHistogramBins, maxTopValues, maxHistogramBins, maxMeasuredColumns } = REQUEST_LIMITS;

const COLUMN =
  'The column. Of predictions: "prediction.NAME" for an output of the model, "instance.NAME" for an input.';

@ObjectType({
  simpleResolvers: true,
  description: 'Statistics of a column of the output of a job. Each row counts once.',
})
export class ColumnStatistics {
  @Field(() => String, { description: COLUMN })
  column!: string;

  @Field(() => ValueTypeEnum, {
    nullable: true,
    description:
      'The value type that the values are counted as. A decimal number, and an integer beyond 64 bits, counts as the nearest ' +
      'DOUBLE, and a date as its text. Null: they have none of the types, and only `count` and `missing`.',
  })
  valueType!: ValueType | null;

  @Field(() => FeatureStatistics, {
    description: 'The statistics. `missing` counts the rows without a value; `oldest` and `newest` are null.',
  })
  statistics!: FeatureStatistics;
}

@ObjectType({ simpleResolvers: true, description: 'How far the values of a column are from those of a baseline.' })
export class ColumnDrift {
  @Field(() => String, { description: COLUMN })
  column!: string;

  @Field(() => FeatureDrift, { description: 'The distance and the counts.' })
  drift!: FeatureDrift;
}

@ArgsType()
class ColumnsArguments {
  @Field(() => [String], {
    nullable: true,
    description: `The columns, at most ${maxMeasuredColumns}. Null: all of them.`,
  })
  columns?: string[] | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: defaultHistogramBins,
    description: `The number of bins of the histograms, from 1 to ${maxHistogramBins}.`,
  })
  bins?: number | null;

  @MaxCostUsd
  maxCostUsd?: number | null;
}

@ArgsType()
export class ColumnStatisticsArguments extends ColumnsArguments {
  @Field(() => Int, {
    nullable: true,
    defaultValue: defaultTopValues,
    description: `The maximum number of topValues, from 1 to ${maxTopValues}.`,
  })
  topValues?: number | null;
}

@ArgsType()
class ColumnDriftArguments extends ColumnsArguments {
  @Field(() => DriftMetricEnum, {
    nullable: true,
    description: 'The metric. Null: the default of the value type of each column.',
  })
  metric?: keyof typeof DriftMetricEnum | null;

  @Field(() => Float, { nullable: true, description: 'The threshold, at least 0. Null: see FeatureDrift.threshold.' })
  threshold?: number | null;
}

@ArgsType()
export class ServingDriftArguments extends ColumnDriftArguments {
  @Field(() => TimeRangeInput, { description: 'The range of event time of the values that are served.' })
  range!: TimeRangeInput;
}

@ArgsType()
export class JobDriftArguments extends ColumnDriftArguments {
  @Field(() => ID, { description: 'The id of the batch prediction job whose predictions are the baseline.' })
  baselineJob!: string;
}
