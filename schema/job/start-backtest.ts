import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { formatLimit, REQUEST_LIMITS } from '../../limits/request-limits.js';
import { OneOf } from '../one-of.js';
import { DateTime } from '../scalars/date-time.js';
import { UserError } from '../user-error.js';
import { BacktestJob } from './backtest-job.js';
import { BacktestTaskEnum } from './backtest-task.js';
import { LabelIntervalInput } from './generated-labels.js';
import { StartJobInput } from './start-job.js';
import { TrainingSetInput } from './start-training-set.js';

@InputType({ description: 'Actual values of a feature of the main entity type.' })
export class ActualFeatureInput {
  @Field(() => String, { description: 'The name of the feature: a BOOL, DOUBLE or INT64.' })
  name!: string;

  @Field(() => Float, {
    description:
      'Seconds, with at most six decimal places. The actual value is the newest whose event time is after the moment, and at ' +
      'most this many seconds after it. Until this time is over, a row has no actual value.',
  })
  horizonSeconds!: number;
}

@OneOf
@InputType({ description: 'What the predictions are compared with: exactly one of its fields.' })
export class BacktestActualInput {
  @Field(() => String, {
    nullable: true,
    description: 'A column of the labels, with numbers or booleans. It may not be an input of the model.',
  })
  column!: string | undefined;

  @Field(() => ActualFeatureInput, { nullable: true, description: 'A feature, some time after each moment.' })
  feature!: ActualFeatureInput | undefined;
}

@InputType({ description: 'The moments whose inputs are the baseline of drift.' })
export class BacktestBaselineInput {
  @Field(() => DateTime, { description: 'The first moment, inclusive.' })
  from!: bigint;

  @Field(() => DateTime, { description: 'The end, exclusive.' })
  before!: bigint;
}

@InputType({ description: 'The input of `startBacktest`.' })
export class StartBacktestInput extends StartJobInput {
  @Field(() => ID, { description: 'The id or the name of a model that runs on this gateway.' })
  model!: string;

  @Field(() => TrainingSetInput, {
    description:
      'The moments, as the times of labels, and the features that are joined as of each. `labels.source.generated` makes ' +
      'moments without a list. The columns that have the names of inputs of the model are its inputs. Where all sources have ' +
      `creation times, knownAtLabelTime is true. At most ${formatLimit(REQUEST_LIMITS.maxBacktestRows)} rows.`,
  })
  trainingSet!: TrainingSetInput;

  @Field(() => BacktestActualInput, { description: 'What the predictions are compared with.' })
  actual!: BacktestActualInput;

  @Field(() => BacktestTaskEnum, {
    nullable: true,
    defaultValue: 'REGRESSION',
    description: 'The task, which decides the metrics.',
  })
  task!: keyof typeof BacktestTaskEnum | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'The output of the model that is compared. Null: its only output that is a number.',
  })
  output!: string | null | undefined;

  @Field(() => Float, {
    nullable: true,
    defaultValue: 0.5,
    description: 'Classification: the least probability, from 0 to 1, that predicts the class.',
  })
  threshold!: number | null | undefined;

  @Field(() => LabelIntervalInput, {
    description:
      'The length of a window. The first begins with the day, in UTC, of the first moment. At most ' +
      `${formatLimit(REQUEST_LIMITS.maxBacktestWindows)} windows.`,
  })
  window!: LabelIntervalInput;

  @Field(() => BacktestBaselineInput, {
    nullable: true,
    description: 'The moments whose inputs are the baseline of drift, e.g. those of training. Null: the first window.',
  })
  baseline!: BacktestBaselineInput | null | undefined;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 1000,
    description: `The instances of one call of the model, from 1 to ${formatLimit(REQUEST_LIMITS.maxBatchSize)}.`,
  })
  batchSize!: number | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'A display name for people. It need not be unique. Null: no name.',
  })
  displayName!: string | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `startBacktest`.' })
export class StartBacktestPayload {
  @Field(() => BacktestJob, { nullable: true, description: 'The job. Null if there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, no job was started.' })
  userErrors!: readonly UserError[];
}
