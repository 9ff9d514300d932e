import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { createConnectionType } from '../connection.js';
import { CostEstimate, Money } from '../cost/cost-estimate.js';
import { Model } from '../model/model.js';
import { Node } from '../node.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { FileFormatEnum } from './enums.js';
import { Job } from './job.js';
import { Metric, PredictionConnection, PredictionFailureConnection } from './prediction.js';

export const BatchInputKindEnum = { TRAINING_SET: 'TRAINING_SET', TABLE: 'TABLE', FILES: 'FILES' } as const;

registerEnumType(BatchInputKindEnum, {
  name: 'BatchInputKind',
  description: 'Where the instances of a batch prediction come from.',
  valuesConfig: {
    TRAINING_SET: { description: 'The output of a training set job.' },
    TABLE: { description: 'A table of the offline store.' },
    FILES: { description: 'Files.' },
  },
});

export const BatchOutputFormatEnum = { PARQUET: 'PARQUET', JSONL: 'JSONL', TABLE: 'TABLE' } as const;

registerEnumType(BatchOutputFormatEnum, {
  name: 'BatchOutputFormat',
  description: 'How predictions are kept.',
  valuesConfig: {
    PARQUET: { description: 'Apache Parquet files.' },
    JSONL: { description: 'Files of one JSON object a line, in UTF-8.' },
    TABLE: { description: 'A table of the offline store.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'What a batch prediction reads: a row is an instance.' })
export class BatchInput {
  @Field(() => BatchInputKindEnum, { description: 'Which of the following is set.' })
  kind!: keyof typeof BatchInputKindEnum;

  @Field(() => ID, { nullable: true, description: 'The training set job whose output it is; null for other kinds.' })
  trainingSetJob!: string | null;

  @Field(() => String, { nullable: true, description: 'The table; null for other kinds.' })
  table!: string | null;

  @Field(() => [String], { nullable: true, description: 'The files by their names; null for other kinds.' })
  files!: readonly string[] | null;

  @Field(() => FileFormatEnum, { nullable: true, description: 'The format of the files; null for other kinds.' })
  format!: keyof typeof FileFormatEnum | null;
}

@ObjectType({ simpleResolvers: true, description: 'Where the predictions of a job are.' })
export class BatchOutput {
  @Field(() => BatchOutputFormatEnum, { description: 'How they are kept.' })
  format!: keyof typeof BatchOutputFormatEnum;

  @Field(() => String, {
    nullable: true,
    description: 'The folder or table that was asked for; null when the gateway was to choose one.',
  })
  location!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Instances with their predictions; null before the job has ended, or when there are none.',
  })
  predictions!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Instances without a prediction, with the reason; null before the end, or when there are none.',
  })
  failures!: string | null;

  @Field(() => Boolean, {
    description: 'Whether the job ended before it had gone through all instances, so that this is a part of them.',
  })
  isPartial!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'What a batch prediction runs on.' })
export class BatchResources {
  @Field(() => String, { nullable: true, description: 'The kind of machine, e.g. n1-standard-4; null: this gateway.' })
  machineType!: string | null;

  @Field(() => String, { nullable: true, description: 'The kind of accelerator; null for none.' })
  acceleratorType!: string | null;

  @Field(() => Int, { nullable: true, description: 'How many accelerators a machine has; null for none.' })
  acceleratorCount!: number | null;

  @Field(() => Int, {
    description: 'Machines at the start. On one machine: how many batches are predicted at once.',
  })
  startingReplicaCount!: number;

  @Field(() => Int, { nullable: true, description: 'The most machines; null for as many as at the start.' })
  maxReplicaCount!: number | null;

  @Field(() => Int, { description: 'Instances the model is given at once.' })
  batchSize!: number;

  @Field(() => Boolean, { description: 'Whether each prediction comes with an explanation.' })
  generateExplanation!: boolean;
}

@ObjectType({
  implements: [Node, Job],
  description: 'A prediction for every row of an input. Its items are instances.',
})
export class BatchPredictionJob {
  @Field(() => String, { description: 'What its owner calls it.' })
  displayName!: string;

  @Field(() => Model, { description: 'The model that predicts.' })
  model!: unknown;

  @Field(() => BatchInput, { description: 'What it reads.' })
  input!: BatchInput;

  @Field(() => BatchOutput, { description: 'What it writes.' })
  output!: BatchOutput;

  @Field(() => JSONObject, { nullable: true, description: 'Passed to the model with every batch; null for none.' })
  parameters!: JsonObject | null;

  @Field(() => BatchResources, { description: 'What it runs on.' })
  resources!: BatchResources;

  @Field(() => CostEstimate, {
    description: 'What it was estimated to cost before it began, by the prices of that time.',
  })
  estimatedCost!: CostEstimate;

  @Field(() => Money, {
    nullable: true,
    description: 'What it has cost up to now, or in all; null while whoever bills it has not said what it used.',
  })
  costSoFar!: Money | null;

  @Field(() => PredictionConnection, {
    description: 'What was predicted, in the order of the input; while the job runs, what there is so far.',
    complexity: listComplexity('first'),
  })
  predictions!: unknown;

  @Field(() => PredictionFailureConnection, {
    description: 'The instances without a prediction and why, in the order of the input; so far, while the job runs.',
    complexity: listComplexity('first'),
  })
  failures!: unknown;

  @Field(() => [Metric], {
    description: 'Aggregates over the outputs of all predictions so far, in the order asked. At most 50.',
    complexity: listComplexity('of'),
  })
  metrics!: unknown;
}

export const BatchPredictionJobConnection = createConnectionType(
  BatchPredictionJob,
  'BatchPredictionJob',
  'batch prediction jobs',
);
