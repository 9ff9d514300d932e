import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { createConnectionType } from '../connection.js';
import { CostEstimate, Money } from '../cost/cost-estimate.js';
import { Model } from '../model/model.js';
import { Node } from '../node.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { FileFormatEnum } from './enums.js';
import { FileOptions } from './file-options.js';
import { BatchInstances, InstanceFileFormatEnum } from './batch-instances.js';
import { Job } from './job.js';
import { Metric, PredictionConnection, PredictionFailureConnection } from './prediction.js';

export const BatchInputKindEnum = {
  TRAINING_SET: 'TRAINING_SET',
  TABLE: 'TABLE',
  FILES: 'FILES',
  INSTANCE_FILES: 'INSTANCE_FILES',
} as const;

registerEnumType(BatchInputKindEnum, {
  name: 'BatchInputKind',
  description: 'The kind of source of a batch prediction.',
  valuesConfig: {
    TRAINING_SET: { description: 'The output of a training set job.' },
    TABLE: { description: 'A table of the offline store.' },
    FILES: { description: 'Files.' },
    INSTANCE_FILES: { description: 'Files in Cloud Storage that only models on Vertex AI read.' },
  },
});

export const BatchOutputFormatEnum = { PARQUET: 'PARQUET', JSONL: 'JSONL', TABLE: 'TABLE' } as const;

registerEnumType(BatchOutputFormatEnum, {
  name: 'BatchOutputFormat',
  description: 'The format of predictions.',
  valuesConfig: {
    PARQUET: { description: 'Apache Parquet files.' },
    JSONL: { description: 'JSON Lines files in UTF-8: each line is a JSON object.' },
    TABLE: { description: 'A table of the offline store.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'The source of a batch prediction. A row is an instance.' })
export class BatchInput {
  @Field(() => BatchInputKindEnum, { description: 'The kind of source. It says which other fields are set.' })
  kind!: keyof typeof BatchInputKindEnum;

  @Field(() => ID, {
    nullable: true,
    description: 'The id of the training set job whose output is the source. Null unless the kind is TRAINING_SET.',
  })
  trainingSetJob!: string | null;

  @Field(() => String, { nullable: true, description: 'The name of the table. Null unless the kind is TABLE.' })
  table!: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The paths of the files. Null unless the kind is FILES or INSTANCE_FILES.',
  })
  files!: readonly string[] | null;

  @Field(() => FileFormatEnum, {
    nullable: true,
    description: 'The format of the files. Null unless the kind is FILES.',
  })
  format!: keyof typeof FileFormatEnum | null;

  @Field(() => InstanceFileFormatEnum, {
    nullable: true,
    description: 'The format of the files. Null unless the kind is INSTANCE_FILES.',
  })
  instanceFileFormat!: keyof typeof InstanceFileFormatEnum | null;

  @Field(() => FileOptions, {
    nullable: true,
    description: 'What the request said of the files. Null unless the kind is FILES.',
  })
  fileOptions!: FileOptions | null;
}

@ObjectType({ simpleResolvers: true, description: 'The output of a batch prediction.' })
export class BatchOutput {
  @Field(() => BatchOutputFormatEnum, { description: 'The format of the output.' })
  format!: keyof typeof BatchOutputFormatEnum;

  @Field(() => String, {
    nullable: true,
    description: 'The location that the client set: a folder or a table. Null if it set none.',
  })
  location!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The location of the predictions, with their instances. Null until the job ends, or if there are none.',
  })
  predictions!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The location of the failed instances, with their reasons. Null until the job ends, or if there are none.',
  })
  failures!: string | null;

  @Field(() => Boolean, {
    description: 'true: the job ended before it had processed all instances.',
  })
  isPartial!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'The resources of a batch prediction.' })
export class BatchResources {
  @Field(() => String, {
    nullable: true,
    description: 'The machine type on Vertex AI. Null: n1-standard-4. Models with another runtime ignore it.',
  })
  machineType!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The accelerator type, e.g. NVIDIA_TESLA_T4. Null: no accelerator.',
  })
  acceleratorType!: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The number of accelerators of each machine. Null: no accelerator.',
  })
  acceleratorCount!: number | null;

  @Field(() => Int, {
    description:
      'The number of machines at the start. In the process of the gateway: the number of batches that are ' +
      'predicted in parallel.',
  })
  startingReplicaCount!: number;

  @Field(() => Int, { nullable: true, description: 'The maximum number of machines. Null: startingReplicaCount.' })
  maxReplicaCount!: number | null;

  @Field(() => Int, { description: 'The number of instances in one request to the model.' })
  batchSize!: number;

  @Field(() => Boolean, { description: 'true: each prediction has an explanation.' })
  generateExplanation!: boolean;
}

@ObjectType({
  implements: [Node, Job],
  description: 'A job that predicts for each row of a source with a model.',
})
export class BatchPredictionJob {
  @Field(() => String, { description: 'The display name that the client set.' })
  displayName!: string;

  @Field(() => Model, { description: 'The model.' })
  model!: unknown;

  @Field(() => BatchInput, { description: 'The source of the instances.' })
  input!: BatchInput;

  @Field(() => BatchInstances, {
    nullable: true,
    description: 'How rows of the source become instances. Null: as objects of all columns, or lines as they stand.',
  })
  instances!: BatchInstances | null;

  @Field(() => BatchOutput, { description: 'The format and location of the predictions.' })
  output!: BatchOutput;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'The parameters that the model gets with each batch. Null: no parameters.',
  })
  parameters!: JsonObject | null;

  @Field(() => BatchResources, { description: 'The resources that the job uses.' })
  resources!: BatchResources;

  @Field(() => CostEstimate, {
    description: 'The cost estimated at the start, by the prices of that time.',
  })
  estimatedCost!: CostEstimate;

  @Field(() => Money, {
    nullable: true,
    description:
      'The cost until now, or the total after the end, by the prices of the estimate. Null until the usage is ' +
      'known.',
  })
  costSoFar!: Money | null;

  @Field(() => PredictionConnection, {
    description: 'The predictions, in the order of the source. While the job runs: the predictions until now.',
    complexity: listComplexity('first'),
  })
  predictions!: unknown;

  @Field(() => PredictionFailureConnection, {
    description:
      'The failed instances and their reasons, in the order of the source. While the job runs: the failures ' +
      'until now.',
    complexity: listComplexity('first'),
  })
  failures!: unknown;

  @Field(() => [Metric], {
    description:
      'Aggregates of the outputs of all predictions, in the order of `of`. While the job runs: of the ' +
      'predictions until now.',
    complexity: listComplexity('of'),
  })
  metrics!: unknown;
}

export const BatchPredictionJobConnection = createConnectionType(
  BatchPredictionJob,
  'BatchPredictionJob',
  'batch prediction jobs',
);
