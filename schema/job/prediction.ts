import { Field, Float, InputType, ObjectType } from 'type-graphql';
import { createConnectionType } from '../connection.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { MetricKindEnum } from './enums.js';

@ObjectType({ simpleResolvers: true, description: 'One instance and what the model made of it.' })
export class Prediction {
  @Field(() => BigIntScalar, { description: 'The number of the instance in the input, from 0.' })
  instanceNumber!: bigint;

  @Field(() => JSONObject, { description: 'The instance: a row of the input, by column. INT64 is a string.' })
  instance!: JsonObject;

  @Field(() => JSONObject, { description: 'What was predicted, by the names of the model’s outputs.' })
  prediction!: JsonObject;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'Why it was predicted, in the words of Vertex AI; null for a job without generateExplanation.',
  })
  explanation?: JsonObject | null;
}

export const PredictionConnection = createConnectionType(Prediction, 'Prediction', 'predictions');

@ObjectType({ simpleResolvers: true, description: 'One instance without a prediction, and why.' })
export class PredictionFailure {
  @Field(() => BigIntScalar, { description: 'The number of the instance in the input, from 0.' })
  instanceNumber!: bigint;

  @Field(() => JSONObject, { description: 'The instance: a row of the input, by column. INT64 is a string.' })
  instance!: JsonObject;

  @Field(() => String, { description: 'The kind of fault, for programs.' })
  code!: string;

  @Field(() => String, { description: 'What is wrong with it.' })
  message!: string;
}

export const PredictionFailureConnection = createConnectionType(
  PredictionFailure,
  'PredictionFailure',
  'failed instances',
);

@InputType({ description: 'An aggregate to compute, e.g. {metric: AVG, field: "tokens"}.' })
export class MetricInput {
  @Field(() => MetricKindEnum, { description: 'How the values become one number.' })
  metric!: keyof typeof MetricKindEnum;

  @Field(() => String, { description: 'A numeric output of the model; a dotted path goes into a STRUCT.' })
  field!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Another numeric output: aggregate field / over, e.g. accuracy per token. null: the field alone.',
  })
  over!: string | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'An aggregate over the outputs of a batch prediction.' })
export class Metric {
  @Field(() => MetricKindEnum, { description: 'How the values became one number.' })
  metric!: keyof typeof MetricKindEnum;

  @Field(() => String, { description: 'The output it is of.' })
  field!: string;

  @Field(() => String, { nullable: true, description: 'What the field was divided by; null for nothing.' })
  over!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The number, in the unit of the output; null when there is nothing to aggregate.',
  })
  value!: number | null;
}
