import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { createConnectionType } from '../connection.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { MetricKindEnum } from './enums.js';

@ObjectType({
  simpleResolvers: true,
  description: 'How much each input of an instance contributed to one output of the model.',
})
export class Attribution {
  @Field(() => String, { nullable: true, description: 'The name of the output in the metadata of the model.' })
  outputName!: string | null;

  @Field(() => String, { nullable: true, description: 'The display name of the output, e.g. the class.' })
  outputDisplayName!: string | null;

  @Field(() => [Int], { description: 'The place of the output in the prediction, where that is a list.' })
  outputIndex!: readonly number[];

  @Field(() => Float, {
    nullable: true,
    description: 'The output that the model gives for the baseline of the inputs.',
  })
  baselineOutputValue!: number | null;

  @Field(() => Float, { nullable: true, description: 'The output that the model gives for the instance.' })
  instanceOutputValue!: number | null;

  @Field(() => Float, { nullable: true, description: 'The relative error of the attributions. Null if unknown.' })
  approximationError!: number | null;

  @Field(() => JSONObject, {
    description:
      'The contribution of each input, by its name: a number, or lists of numbers for an array. The numbers add up to ' +
      'about instanceOutputValue less baselineOutputValue.',
  })
  featureAttributions!: JsonObject;
}

@ObjectType({ simpleResolvers: true, description: 'An instance and its prediction.' })
export class Prediction {
  @Field(() => BigIntScalar, { description: 'The number of the instance in the input, from 0.' })
  instanceNumber!: bigint;

  @Field(() => JSONObject, {
    description: 'The instance: a row of the input, as an object by column name. INT64 is a string.',
  })
  instance!: JsonObject;

  @Field(() => JSONObject, { description: 'The prediction: an object by the names of the outputs of the model.' })
  prediction!: JsonObject;

  @Field(() => JSONObject, {
    nullable: true,
    description: 'The explanation as Vertex AI returns it. Null if the job has no generateExplanation.',
  })
  explanation?: JsonObject | null;

  @Field(() => [Attribution], {
    nullable: true,
    description:
      'How much each input contributed to each explained output, from the explanation. Null if the job has no ' +
      'generateExplanation.',
  })
  attributions?: readonly Attribution[] | null;
}

export const PredictionConnection = createConnectionType(Prediction, 'Prediction', 'predictions');

@ObjectType({ simpleResolvers: true, description: 'An instance whose prediction failed, and the reason.' })
export class PredictionFailure {
  @Field(() => BigIntScalar, { description: 'The number of the instance in the input, from 0.' })
  instanceNumber!: bigint;

  @Field(() => JSONObject, {
    description: 'The instance: a row of the input, as an object by column name. INT64 is a string.',
  })
  instance!: JsonObject;

  @Field(() => String, { description: 'The kind of error, for programs.' })
  code!: string;

  @Field(() => String, { description: 'The error, for people.' })
  message!: string;
}

export const PredictionFailureConnection = createConnectionType(
  PredictionFailure,
  'PredictionFailure',
  'failed instances',
);

@InputType({ description: 'An aggregate of an output, e.g. {metric: AVG, field: "probability"}.' })
export class MetricInput {
  @Field(() => MetricKindEnum, { description: 'The aggregate function.' })
  metric!: keyof typeof MetricKindEnum;

  @Field(() => String, {
    description: 'The name of a numeric output of the model. A dotted path names a field of a STRUCT.',
  })
  field!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The name of another numeric output: the function aggregates `field` divided by `over`. Null: the function ' +
      'aggregates `field`.',
  })
  over!: string | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'An aggregate of an output of a batch prediction.' })
export class Metric {
  @Field(() => MetricKindEnum, { description: 'The aggregate function.' })
  metric!: keyof typeof MetricKindEnum;

  @Field(() => String, { description: 'The name of the output.' })
  field!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The name of the output that `field` was divided by. Null if there is none.',
  })
  over!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The aggregate, in the unit of the output. Null if there are no values.',
  })
  value!: number | null;
}
