import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';
import type { ValueType } from '../../values/value-type.js';
import { ValueTypeEnum } from '../registry/enums.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';

export const ModelRuntimeEnum = { ONNX: 'ONNX', HTTP: 'HTTP', VERTEX: 'VERTEX' } as const;

registerEnumType(ModelRuntimeEnum, {
  name: 'ModelRuntime',
  description: 'The runtime of a model.',
  valuesConfig: {
    ONNX: { description: 'The gateway runs an ONNX file in worker threads.' },
    HTTP: { description: 'An HTTP server predicts. It implements the contract of Vertex AI for custom containers.' },
    VERTEX: { description: 'Vertex AI predicts with a model of its Model Registry.' },
  },
});

@ObjectType({ description: 'An input or an output of a model.' })
export class ModelField {
  @Field(() => String, {
    description:
      'The name: a column of the instances, or a name in the predictions. It is unique among the inputs, or ' +
      'among the outputs.',
  })
  name!: string;

  @Field(() => ValueTypeEnum, { description: 'The type of the values.' })
  valueType!: ValueType;

  @Field(() => String, {
    nullable: true,
    description: 'The unit of a number, e.g. "minutes". Null if the registry has no unit.',
  })
  unit!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'What the value means. Null if the registry has no description.',
  })
  description!: string | null;

  @Field(() => Boolean, {
    description:
      'true: an instance may omit this input, because it is nullable or has a default. An instance that omits ' +
      'another input fails. Outputs: always false.',
  })
  optional!: boolean;
}

@ObjectType({ implements: Node, description: 'A model for batch prediction.' })
export class Model implements Node {
  @Field(() => ID, { description: 'The resource name, "models/…".' })
  id!: string;

  @Field(() => String, { description: 'The name, unique in this gateway.' })
  name!: string;

  @Field(() => String, { description: 'The name for people.' })
  displayName!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What the model predicts, and from which inputs. Null if the registry has no description.',
  })
  description!: string | null;

  @Field(() => ModelRuntimeEnum, { description: 'The runtime.' })
  runtime!: keyof typeof ModelRuntimeEnum;

  @Field(() => [ModelField], { description: 'The inputs that an instance has.', complexity: listComplexity() })
  inputs!: ModelField[];

  @Field(() => [ModelField], { description: 'The outputs that a prediction has.', complexity: listComplexity() })
  outputs!: ModelField[];

  @Field(() => JSONObject, { description: 'Labels: an object whose values are strings.' })
  labels!: JsonObject;
}
