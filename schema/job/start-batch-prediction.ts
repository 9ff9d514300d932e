import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { OneOf } from '../one-of.js';
import { UserError } from '../user-error.js';
import { MaxCostUsd, StartJobInput } from './start-job.js';
import { BatchOutputFormatEnum, BatchPredictionJob } from './batch-prediction-job.js';
import { FilesInput } from './files-input.js';

@OneOf
@InputType({ description: 'The source of the instances of a batch prediction. A row is an instance.' })
export class BatchSourceInput {
  @Field(() => ID, { nullable: true, description: 'A training set job that succeeded: its output is the source.' })
  trainingSetJob!: string | undefined;

  @Field(() => String, { nullable: true, description: 'A table of the offline store.' })
  table!: string | undefined;

  @Field(() => FilesInput, { nullable: true, description: 'Files.' })
  files!: FilesInput | undefined;
}

@InputType({ description: 'Where the predictions are to be written.' })
export class BatchOutputInput {
  @Field(() => BatchOutputFormatEnum, { defaultValue: 'PARQUET', description: 'How they are kept.' })
  format!: keyof typeof BatchOutputFormatEnum;

  @Field(() => String, {
    nullable: true,
    description:
      'A folder in the folder for files, a gs:// prefix, or a table. null: the gateway chooses one, and says so in `output`.',
  })
  location!: string | null | undefined;
}

@InputType({ description: 'A batch prediction to start.' })
export class StartBatchPredictionInput extends StartJobInput {
  @Field(() => String, { description: 'What its owner calls it.' })
  displayName!: string;

  @Field(() => ID, { description: 'The model, by its id ("models/…") or name.' })
  model!: string;

  @Field(() => BatchSourceInput, { description: 'Where the instances are.' })
  input!: BatchSourceInput;

  @Field(() => BatchOutputInput, { description: 'Where the predictions are to be written.' })
  output!: BatchOutputInput;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'Passed to the model with every batch, e.g. {threshold: 0.8}.',
  })
  parameters!: JsonObject | null | undefined;

  @Field(() => String, { nullable: true, description: 'The kind of machine, e.g. n1-standard-4. null: the usual one.' })
  machineType!: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'The kind of accelerator, e.g. NVIDIA_TESLA_T4. null: none.' })
  acceleratorType!: string | null | undefined;

  @Field(() => Int, { nullable: true, description: 'How many accelerators a machine has. null: none.' })
  acceleratorCount!: number | null | undefined;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 1,
    description: 'Machines at the start, at least 1. On one machine: how many batches are predicted at once.',
  })
  startingReplicaCount!: number | null | undefined;

  @Field(() => Int, { nullable: true, description: 'The most machines. null: as many as at the start.' })
  maxReplicaCount!: number | null | undefined;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 64,
    description: 'Instances the model is given at once, at least 1.',
  })
  batchSize!: number | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'Explain each prediction, where the model can.',
  })
  generateExplanation!: boolean | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'What came of startBatchPrediction.' })
export class StartBatchPredictionPayload {
  @Field(() => BatchPredictionJob, { nullable: true, description: 'The job; null when there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'What is wrong with the input; then nothing was started.' })
  userErrors!: readonly UserError[];
}

@InputType({ description: 'A batch prediction whose failed instances are to be tried again.' })
export class RetryFailedInstancesInput {
  @Field(() => ID, { description: 'The job, which has ended.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key never starts a second job: the first one is given again. null: every request starts one.',
  })
  idempotencyKey!: string | null | undefined;

  @MaxCostUsd
  maxCostUsd!: number | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'What came of retryFailedInstances.' })
export class RetryFailedInstancesPayload {
  @Field(() => BatchPredictionJob, {
    nullable: true,
    description: 'The new job, of only those instances; null when there are userErrors.',
  })
  job!: unknown;

  @Field(() => [UserError], { description: 'What is wrong with the input; then nothing was started.' })
  userErrors!: readonly UserError[];
}
