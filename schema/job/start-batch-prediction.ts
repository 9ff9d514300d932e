import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { CancelAboveUsd } from '../cost/cancel-above-usd.js';
import { MaxCostUsd } from '../cost/max-cost-usd.js';
import { OneOf } from '../one-of.js';
import { UserError } from '../user-error.js';
import { StartJobInput } from './start-job.js';
import { BatchOutputFormatEnum, BatchPredictionJob } from './batch-prediction-job.js';
import { BatchInstancesInput, InstanceFilesInput } from './batch-instances.js';
import { FilesInput } from './files-input.js';

@OneOf
@InputType({ description: 'The source of a batch prediction: exactly one of its fields. A row is an instance.' })
export class BatchSourceInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The id of a training set job that has succeeded. Its output is the source.',
  })
  trainingSetJob!: string | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'A table or view of the offline store: its name, or schema.name.',
  })
  table!: string | undefined;

  @Field(() => FilesInput, { nullable: true, description: 'Files with the instances.' })
  files!: FilesInput | undefined;

  @Field(() => InstanceFilesInput, {
    nullable: true,
    description: 'Files in Cloud Storage that only models on Vertex AI read.',
  })
  instanceFiles!: InstanceFilesInput | undefined;
}

@InputType({ description: 'The format and location of the predictions.' })
export class BatchOutputInput {
  @Field(() => BatchOutputFormatEnum, { defaultValue: 'PARQUET', description: 'The format of the output.' })
  format!: keyof typeof BatchOutputFormatEnum;

  @Field(() => String, {
    nullable: true,
    description:
      'The location: a folder in the folder for files, a gs:// prefix or a table. Null: the gateway chooses one. ' +
      'BatchPredictionJob.output shows it.',
  })
  location!: string | null | undefined;
}

@InputType({ description: 'The input of `startBatchPrediction`.' })
export class StartBatchPredictionInput extends StartJobInput {
  @Field(() => String, { description: 'A display name for people. It need not be unique.' })
  displayName!: string;

  @Field(() => ID, { description: 'The id ("models/…") or the name of the model.' })
  model!: string;

  @Field(() => BatchSourceInput, { description: 'The source of the instances.' })
  input!: BatchSourceInput;

  @Field(() => BatchInstancesInput, {
    nullable: true,
    description: 'How rows become instances. Null: as objects of all columns, or lines as they stand.',
  })
  instances!: BatchInstancesInput | null | undefined;

  @Field(() => BatchOutputInput, { description: 'The format and location of the predictions.' })
  output!: BatchOutputInput;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'Parameters that the model gets with each batch, e.g. {threshold: 0.8}. Null: no parameters.',
  })
  parameters!: JsonObject | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'The machine type on Vertex AI. Null: n1-standard-4. Models with another runtime ignore it.',
  })
  machineType!: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'The accelerator type, e.g. NVIDIA_TESLA_T4. Null: no accelerator.',
  })
  acceleratorType!: string | null | undefined;

  @Field(() => Int, {
    nullable: true,
    description: 'The number of accelerators of each machine. Null: no accelerator.',
  })
  acceleratorCount!: number | null | undefined;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 1,
    description:
      'The number of machines at the start, at least 1. In the process of the gateway: the number of batches ' +
      'that are predicted in parallel.',
  })
  startingReplicaCount!: number | null | undefined;

  @Field(() => Int, { nullable: true, description: 'The maximum number of machines. Null: startingReplicaCount.' })
  maxReplicaCount!: number | null | undefined;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 64,
    description: 'The number of instances in one request to the model, at least 1.',
  })
  batchSize!: number | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'true: the output has an explanation of each prediction. The model must support it.',
  })
  generateExplanation!: boolean | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `startBatchPrediction`.' })
export class StartBatchPredictionPayload {
  @Field(() => BatchPredictionJob, { nullable: true, description: 'The job. Null if there are userErrors.' })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, no job was started.' })
  userErrors!: readonly UserError[];
}

@InputType({ description: 'The input of `retryFailedInstances`.' })
export class RetryFailedInstancesInput {
  @Field(() => ID, { description: 'The id of a batch prediction job that has ended, "jobs/…".' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description:
      `An idempotency key, e.g. a UUID, of at most ${REQUEST_LIMITS.maxIdempotencyKeyBytes} bytes. A second request with the same key starts no job ` +
      'and returns the first one. Null: each request starts a job.',
  })
  idempotencyKey!: string | null | undefined;

  @MaxCostUsd
  maxCostUsd!: number | null | undefined;

  @CancelAboveUsd
  cancelAboveUsd!: number | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'The result of `retryFailedInstances`.' })
export class RetryFailedInstancesPayload {
  @Field(() => BatchPredictionJob, {
    nullable: true,
    description: 'The new job. Null if there are userErrors.',
  })
  job!: unknown;

  @Field(() => [UserError], { description: 'The errors in the input. If there are any, no job was started.' })
  userErrors!: readonly UserError[];
}
