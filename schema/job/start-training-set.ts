import { Field, Float, InputType, ObjectType } from 'type-graphql';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { OneOf } from '../one-of.js';
import { UserError } from '../user-error.js';
import { StartJobInput } from './start-job.js';
import { FileInput } from './files-input.js';
import { TrainingSetFormatEnum, TrainingSetJob } from './training-set-job.js';

@OneOf
@InputType({ description: 'The source of the labels of a training set. A row is a label.' })
export class LabelSourceInput {
  @Field(() => [JSONObject], {
    nullable: true,
    description: 'The labels themselves: a JSON object for each, with a name for each column. At most 10 000.',
  })
  rows!: JsonObject[] | undefined;

  @Field(() => FileInput, { nullable: true, description: 'A file.' })
  file!: FileInput | undefined;

  @Field(() => String, { nullable: true, description: 'A table of the offline store.' })
  table!: string | undefined;
}

@InputType({ description: 'The labels of a training set and the columns with their entity and time.' })
export class LabelsInput {
  @Field(() => LabelSourceInput, { description: 'The source of the labels.' })
  source!: LabelSourceInput;

  @Field(() => String, {
    nullable: true,
    defaultValue: 'timestamp',
    description: 'The column with the time of a label. In rows: RFC 3339, of any zone.',
  })
  timeColumn!: string | null | undefined;

  @Field(() => [String], {
    nullable: true,
    description: 'The columns with the id of the entity, in the order of entityIdColumns of its type. null: called so.',
  })
  entityIdColumns!: string[] | null | undefined;
}

@InputType({
  description: 'Features of another entity whose id is in the labels, e.g. of the destination of a flight.',
})
export class TrainingSetJoinInput {
  @Field(() => String, { description: 'Its entity type, of the same featurestore.' })
  entityType!: string;

  @Field(() => [String], {
    nullable: true,
    description: 'The columns of the labels with its id, in the order of entityIdColumns of its type. null: called so.',
  })
  entityIdColumns!: string[] | null | undefined;

  @Field(() => [String], { nullable: true, description: 'Features by name. Neither these nor views: all of them.' })
  features!: string[] | null | undefined;

  @Field(() => [String], { nullable: true, description: 'The features of these views.' })
  featureViews!: string[] | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'Put before the names of its columns. null: the entity type and "_", e.g. airport_.',
  })
  prefix!: string | null | undefined;
}

@InputType({
  description: 'What a training set is made of: labels, and features as they were known at the time of each.',
})
export class TrainingSetInput {
  @Field(() => String, { description: 'The featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The type of the entity each label is about.' })
  entityType!: string;

  @Field(() => LabelsInput, { description: 'The labels. Their columns and their order are kept.' })
  labels!: LabelsInput;

  @Field(() => [String], { nullable: true, description: 'Features by name. Neither these nor views: all of them.' })
  features!: string[] | null | undefined;

  @Field(() => [String], { nullable: true, description: 'The features of these views.' })
  featureViews!: string[] | null | undefined;

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds after which a value counts as expired, for all features; at most six decimals. 0: values of any age count. null: ' +
      'each feature has the ttl that the registry gives it.',
  })
  ttlSeconds!: number | null | undefined;

  @Field(() => [TrainingSetJoinInput], { nullable: true, description: 'Features of other entities of each label.' })
  joins!: TrainingSetJoinInput[] | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Leave out values of exactly the label’s time.',
  })
  strictlyBefore!: boolean | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Leave out values that were written after the label’s time: later corrections and backfills.',
  })
  knownAtLabelTime!: boolean | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Give beside each feature a column <feature>__timestamp: when its value became true, UTC.',
  })
  withTimestamps!: boolean | null | undefined;
}

@InputType({ description: 'Where a training set is to be written.' })
export class TrainingSetOutputInput {
  @Field(() => TrainingSetFormatEnum, { defaultValue: 'PARQUET', description: 'How it is kept.' })
  format!: keyof typeof TrainingSetFormatEnum;

  @Field(() => String, {
    nullable: true,
    description: 'A path in the folder for files, or a table. null: the gateway chooses one, and says so in `output`.',
  })
  location!: string | null | undefined;
}

@InputType({ description: 'A training set to make.' })
export class StartTrainingSetInput extends StartJobInput {
  @Field(() => TrainingSetInput, { description: 'What it is made of.' })
  trainingSet!: TrainingSetInput;

  @Field(() => TrainingSetOutputInput, { nullable: true, description: 'Where it goes. null: Parquet, somewhere.' })
  output!: TrainingSetOutputInput | null | undefined;

  @Field(() => String, { nullable: true, description: 'What its owner calls it. null: nothing.' })
  displayName!: string | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'What came of startTrainingSet.' })
export class StartTrainingSetPayload {
  @Field(() => TrainingSetJob, { nullable: true, description: 'The job; null when there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'What is wrong with the input; then nothing was started.' })
  userErrors!: readonly UserError[];
}
