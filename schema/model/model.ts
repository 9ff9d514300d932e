import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';
import type { ValueType } from '../../values/value-type.js';
import { ValueTypeEnum } from '../registry/enums.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

export const ModelRuntimeEnum = { ONNX: 'ONNX', HTTP: 'HTTP', VERTEX: 'VERTEX' } as const;

registerEnumType(ModelRuntimeEnum, {
  name: 'ModelRuntime',
  description: 'What runs a model.',
  valuesConfig: {
    ONNX: { description: 'An ONNX file, run by the gateway in worker threads.' },
    HTTP: { description: "A server that keeps Vertex AI's contract for custom containers." },
    VERTEX: { description: "Google Cloud: a model of Vertex AI's model registry." },
  },
});

@ObjectType({ description: 'An input or output of a model.' })
export class ModelField {
  @Field(() => String, { description: 'Its column in instances, or its name in predictions. Unique on its side.' })
  name!: string;

  @Field(() => ValueTypeEnum, { description: 'The type of its values.' })
  valueType!: ValueType;

  @Field(() => String, { nullable: true, description: 'The unit of a number, e.g. minutes; null when it has none.' })
  unit!: string | null;

  @Field(() => String, { nullable: true, description: 'What it says; null when nobody wrote it down.' })
  description!: string | null;

  @Field(() => Boolean, {
    description:
      'Of an input: whether an instance may lack it, because the model knows what that means or has a default. An ' +
      'instance that lacks another input has no prediction. Of an output: false.',
  })
  optional!: boolean;
}

@ObjectType({ implements: Node, description: 'A model that batch prediction can use.' })
export class Model implements Node {
  @Field(() => ID, { description: 'Its resource name, e.g. models/flight_delay.' })
  id!: string;

  @Field(() => String, { description: 'Unique in this gateway.' })
  name!: string;

  @Field(() => String, { description: 'Its name for people.' })
  displayName!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What it predicts, and from what; null when nobody wrote it down.',
  })
  description!: string | null;

  @Field(() => ModelRuntimeEnum, { description: 'What runs it.' })
  runtime!: keyof typeof ModelRuntimeEnum;

  @Field(() => [ModelField], { description: 'What it wants of an instance.', complexity: listComplexity() })
  inputs!: ModelField[];

  @Field(() => [ModelField], { description: 'What it gives for an instance.', complexity: listComplexity() })
  outputs!: ModelField[];

  @Field(() => JSONObject, { description: 'Free key-value pairs, all strings.' })
  labels!: JsonObject;
}
