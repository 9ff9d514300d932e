import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { Node } from '../node.js';
import { ValueTypeEnum } from '../registry/enums.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

export const ModelRuntimeEnum = { ONNX: 'ONNX', HTTP: 'HTTP', VERTEX: 'VERTEX' } as const;

registerEnumType(ModelRuntimeEnum, {
  name: 'ModelRuntime',
  description: 'What runs a model.',
  valuesConfig: {
    ONNX: { description: 'This gateway, from an ONNX file.' },
    HTTP: { description: 'An HTTP server with the contract of Vertex AI’s prediction containers.' },
    VERTEX: { description: 'Vertex AI.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'An input or output of a model.' })
export class ModelField {
  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => ValueTypeEnum, { description: 'The type of its values.' })
  valueType!: keyof typeof ValueTypeEnum;

  @Field(() => String, { nullable: true, description: 'The unit of a number, e.g. minutes; null when it has none.' })
  unit!: string | null;

  @Field(() => String, { nullable: true, description: 'What it says; null when nobody wrote it down.' })
  description!: string | null;
}

@ObjectType({ implements: Node, description: 'Something that predicts, by name in the registry.' })
export class Model implements Node {
  @Field(() => ID, { description: 'Its resource name, "models/…".' })
  id!: string;

  @Field(() => String, { description: 'Unique in this gateway.' })
  name!: string;

  @Field(() => String, { description: 'What people call it.' })
  displayName!: string;

  @Field(() => String, { nullable: true, description: 'What it predicts; null when nobody wrote it down.' })
  description!: string | null;

  @Field(() => JSONObject, { description: 'Free key-value pairs, all strings.' })
  labels!: JsonObject;

  @Field(() => ModelRuntimeEnum, { description: 'What runs it.' })
  runtime!: keyof typeof ModelRuntimeEnum;

  @Field(() => [ModelField], { description: 'What an instance must have.' })
  inputs!: readonly ModelField[];

  @Field(() => [ModelField], { description: 'What it predicts.' })
  outputs!: readonly ModelField[];
}
