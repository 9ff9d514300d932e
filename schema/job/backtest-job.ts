import { Field, Float, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { CostEstimate } from '../cost/cost-estimate.js';
import { Model } from '../model/model.js';
import { Node } from '../node.js';
import { DriftMetricEnum } from '../registry/feature-drift.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';
import { BacktestTaskEnum } from './backtest-task.js';
import { Job } from './job.js';

const numbers = (description: string) =>
  Field(() => [Float], {
    nullable: 'itemsAndList',
    description: `${description} An item is null where no row has both values. Null for the other task.`,
    complexity: listComplexity(),
  });

@ObjectType({
  simpleResolvers: true,
  description:
    'Metrics over time, for a chart: each list has one item for each window, in the order of time, without gaps. All metrics ' +
    'are of the rows with a prediction and an actual value (docs/backtests.md has the formulas).',
})
export class BacktestSeries {
  @Field(() => [DateTime], { description: 'The starts of the windows.', complexity: listComplexity() })
  from!: readonly bigint[];

  @Field(() => [DateTime], { description: 'The ends of the windows, exclusive.', complexity: listComplexity() })
  before!: readonly bigint[];

  @Field(() => [BigIntScalar], { description: 'The rows: entities at moments.', complexity: listComplexity() })
  rows!: readonly bigint[];

  @Field(() => [BigIntScalar], {
    description: 'The rows for which the model gave no finite number.',
    complexity: listComplexity(),
  })
  failed!: readonly bigint[];

  @Field(() => [BigIntScalar], {
    description: 'The rows with a prediction and an actual value.',
    complexity: listComplexity(),
  })
  scored!: readonly bigint[];

  @numbers('Regression: the mean absolute error, in the unit of the output.')
  meanAbsoluteError!: readonly (number | null)[] | null;

  @numbers('Regression: the root of the mean squared error, in the unit of the output.')
  rootMeanSquaredError!: readonly (number | null)[] | null;

  @numbers('Regression: the mean of the prediction less the actual value, in the unit of the output.')
  bias!: readonly (number | null)[] | null;

  @numbers('Classification: the share of rows whose class is predicted, at the threshold.')
  accuracy!: readonly (number | null)[] | null;

  @numbers('Classification: the log loss, to the base e.')
  logLoss!: readonly (number | null)[] | null;

  @numbers('Classification: the area under the ROC curve. Null also for a window with one class.')
  areaUnderRocCurve!: readonly (number | null)[] | null;

  @numbers('Classification: the share of true rows in those that are predicted true. Null also if there are none.')
  precision!: readonly (number | null)[] | null;

  @numbers('Classification: the share of those that are predicted true in the true rows. Null also if there are none.')
  recall!: readonly (number | null)[] | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'How far the values of an input of the model are from those of the baseline, over time.',
})
export class BacktestDrift {
  @Field(() => String, { description: 'The name of the input.' })
  input!: string;

  @Field(() => DriftMetricEnum, { description: 'The metric: the default of the value type.' })
  metric!: keyof typeof DriftMetricEnum;

  @Field(() => [Float], {
    nullable: 'items',
    description: 'The distance in each window. An item is null if the window or the baseline has no value.',
    complexity: listComplexity(),
  })
  distances!: readonly (number | null)[];
}

@ObjectType({ simpleResolvers: true, description: 'Where the actual values are from.' })
export class BacktestActual {
  @Field(() => String, { nullable: true, description: 'The column of the labels. Null if they are of a feature.' })
  column!: string | null;

  @Field(() => String, { nullable: true, description: 'The name of the feature. Null if they are in a column.' })
  feature!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The seconds after a moment in which the feature is observed. Null if they are in a column.',
  })
  horizonSeconds!: number | null;
}

@ObjectType({
  implements: [Node, Job],
  description:
    'A job that lets a model predict at moments of the past, from what was known at each, and compares the predictions with ' +
    'what happened.',
})
export class BacktestJob {
  @Field(() => String, { nullable: true, description: 'The display name that the client set. Null if it set none.' })
  displayName!: string | null;

  @Field(() => Model, { nullable: true, description: 'The model. Null if the registry no longer has it.' })
  model!: unknown;

  @Field(() => BacktestTaskEnum, { description: 'The task, which decides the metrics.' })
  task!: keyof typeof BacktestTaskEnum;

  @Field(() => BacktestActual, { description: 'Where the actual values are from.' })
  actual!: BacktestActual;

  @Field(() => String, {
    nullable: true,
    description: 'The output of the model that is compared. Null until the job succeeds.',
  })
  output!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether each prediction used only values that were written by its moment. false: a source has no creation times, so ' +
      'that only event times decided. Null until the job succeeds.',
  })
  isKnownAtMoment!: boolean | null;

  @Field(() => BacktestSeries, { nullable: true, description: 'Metrics over time. Null until the job succeeds.' })
  series!: BacktestSeries | null;

  @Field(() => [BacktestDrift], {
    nullable: true,
    description:
      'Drift of each input of the model that is a number or a category, over the windows of `series`. Null until the job ' +
      'succeeds.',
    complexity: listComplexity(),
  })
  drift!: readonly BacktestDrift[] | null;

  @Field(() => CostEstimate, { nullable: true, description: 'The estimate that the job was admitted with.' })
  estimatedCost!: CostEstimate | null;
}
