import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { formatLimit, REQUEST_LIMITS } from '../../limits/request-limits.js';
import { DateTime } from '../scalars/date-time.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { OneOf } from '../one-of.js';
import { UserError } from '../user-error.js';
import { StartJobInput } from './start-job.js';
import { GeneratedLabelsInput } from './generated-labels.js';
import { FileInput } from './files-input.js';
import { TrainingSetFormatEnum, TrainingSetJob } from './training-set-job.js';
import { TrainingSetValidationModeEnum } from './training-set-validation.js';

@OneOf
@InputType({ description: 'The source of labels: exactly one of its fields. A row is a label.' })
export class LabelSourceInput {
  @Field(() => [JSONObject], {
    nullable: true,
    description: `The labels themselves, at most ${formatLimit(REQUEST_LIMITS.maxLabelRows)}: each is an object by column name.`,
  })
  rows!: JsonObject[] | undefined;

  @Field(() => FileInput, { nullable: true, description: 'A file with the labels.' })
  file!: FileInput | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'A table or view of the offline store: its name, or schema.name.',
  })
  table!: string | undefined;

  @Field(() => GeneratedLabelsInput, {
    nullable: true,
    description: `Labels without a list: the entities of the entity type at the times of a range. At most ${formatLimit(REQUEST_LIMITS.maxGeneratedLabels)} labels.`,
  })
  generated!: GeneratedLabelsInput | undefined;
}

@InputType({ description: 'The labels of a training set.' })
export class LabelsInput {
  @Field(() => LabelSourceInput, { description: 'The source of the labels.' })
  source!: LabelSourceInput;

  @Field(() => String, {
    nullable: true,
    defaultValue: 'timestamp',
    description: 'The name of the column with the time of each label. Text in it is RFC 3339 with a time zone offset.',
  })
  timeColumn!: string | null | undefined;

  @Field(() => [String], {
    nullable: true,
    description:
      'The names of the columns with the entity id, in the order of EntityType.entityIdColumns. Null: the ' +
      'columns have the names of EntityType.entityIdColumns.',
  })
  entityIdColumns!: string[] | null | undefined;
}

@InputType({
  description:
    'A join with the features of another entity whose id is in the labels, e.g. of the destination of a flight.',
})
export class TrainingSetJoinInput {
  @Field(() => String, { description: 'The name of the entity type. It is in the same featurestore.' })
  entityType!: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'The names of the label columns with the entity id, in the order of EntityType.entityIdColumns. Null: the ' +
      'columns have the names of EntityType.entityIdColumns.',
  })
  entityIdColumns!: string[] | null | undefined;

  @Field(() => [String], {
    nullable: true,
    description: 'The names of features. Without `features` and `featureViews`: all features of the entity type.',
  })
  features!: string[] | null | undefined;

  @Field(() => [String], {
    nullable: true,
    description: 'The names of feature views: their features are added to `features`.',
  })
  featureViews!: string[] | null | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      'The prefix of the feature columns in the output. Null: the name of the entity type and "_", e.g. ' +
      '"airport_".',
  })
  prefix!: string | null | undefined;
}

@InputType({
  description: 'The definition of a training set: labels, and the features to join as of the time of each label.',
})
export class TrainingSetInput {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type that the labels are about.' })
  entityType!: string;

  @Field(() => LabelsInput, {
    description: 'The labels. The output has all their columns, in the order of their rows.',
  })
  labels!: LabelsInput;

  @Field(() => [String], {
    nullable: true,
    description: 'The names of features. Without `features` and `featureViews`: all features of the entity type.',
  })
  features!: string[] | null | undefined;

  @Field(() => [String], {
    nullable: true,
    description: 'The names of feature views: their features are added to `features`.',
  })
  featureViews!: string[] | null | undefined;

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds after which a value is expired, for all features, with at most six decimal places. 0: values ' +
      'never expire. Null: each feature has its own Feature.ttlSeconds.',
  })
  ttlSeconds!: number | null | undefined;

  @Field(() => [TrainingSetJoinInput], {
    nullable: true,
    description: 'Joins with features of other entities. Null: no other entities.',
  })
  joins!: TrainingSetJoinInput[] | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'true: the join uses values with an event time before the time of the label. false: before it or at it.',
  })
  strictlyBefore!: boolean | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'true: the join uses only values that were written to the store by the time of the label. It ignores later ' +
      'corrections and backfills. A source without a creation time is refused with BAD_USER_INPUT, except a static one.',
  })
  knownAtLabelTime!: boolean | null | undefined;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'A point in time (creation time): the join uses only values that were written at or before it. Use it to ' +
      'make a training set of an earlier day again. Null: the join uses values regardless of when they were ' +
      'written. A source without a creation time is refused with BAD_USER_INPUT.',
  })
  knownAt!: bigint | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'true: the output has expired values. false: they are null. The validation counts them in both cases.',
  })
  includeExpired!: boolean | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'true: the output has a column <feature>__timestamp beside each feature, with the event time of the value ' +
      'in UTC.',
  })
  withTimestamps!: boolean | null | undefined;

  @Field(() => TrainingSetValidationModeEnum, {
    nullable: true,
    defaultValue: 'SAMPLE',
    description: 'The rows whose values the validation compares with the history.',
  })
  validation!: keyof typeof TrainingSetValidationModeEnum | null | undefined;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: 'The seed that chooses the sample of the validation. The same seed chooses the same rows.',
  })
  validationSeed!: number | null | undefined;
}

@InputType({ description: 'The format and location of a training set.' })
export class TrainingSetOutputInput {
  @Field(() => TrainingSetFormatEnum, { defaultValue: 'PARQUET', description: 'The format of the output.' })
  format!: keyof typeof TrainingSetFormatEnum;

  @Field(() => String, {
    nullable: true,
    description:
      'The location: a path in the folder for files, or a table. For BIGQUERY, the name of a table in the dataset for ' +
      'outputs, or project.dataset.table. Null: the gateway chooses one. TrainingSetJob.output shows it.',
  })
  location!: string | null | undefined;
}

@InputType({ description: 'The input of `startTrainingSet`.' })
export class StartTrainingSetInput extends StartJobInput {
  @Field(() => TrainingSetInput, { description: 'The definition of the training set.' })
  trainingSet!: TrainingSetInput;

  @Field(() => TrainingSetOutputInput, {
    nullable: true,
    description: 'The output. Null: a Parquet file at a location that the gateway chooses.',
  })
  output!: TrainingSetOutputInput | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'A display name for people. It need not be unique. Null: no name.',
  })
  displayName!: string | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `startTrainingSet`.' })
export class StartTrainingSetPayload {
  @Field(() => TrainingSetJob, { nullable: true, description: 'The job. Null if there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, no job was started.' })
  userErrors!: readonly UserError[];
}
