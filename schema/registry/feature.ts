import { Field, Float, ID, ObjectType } from 'type-graphql';
import { createConnectionType } from '../connection.js';
import { Node } from '../node.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import type { ValueType } from '../../values/value-type.js';
import { SensitivityEnum, ValueTypeEnum } from './enums.js';
import { FeatureExpectation } from './feature-expectation.js';

/**
 * resolvers/feature.resolver.ts adds the field of its entity type, because two classes that refer to each other would
 * be an import cycle.
 */
@ObjectType({
  implements: Node,
  description: 'A feature: a typed property of the entities of one entity type. Its value changes over time.',
})
export class Feature implements Node {
  @Field(() => ID, { description: 'The resource name, "featurestores/…/entityTypes/…/features/…".' })
  id!: string;

  @Field(() => String, { description: 'The name, unique in the entity type, in snake_case.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What the value means. Null if the registry has no description.',
  })
  description!: string | null;

  @Field(() => ValueTypeEnum, { description: 'The type of the values.' })
  valueType!: ValueType;

  @Field(() => String, {
    nullable: true,
    description: 'The unit of a number, e.g. "minutes". Null if the registry has no unit.',
  })
  unit!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The person or team that maintains the feature. Null if the registry has no owner.',
  })
  owner!: string | null;

  @Field(() => JSONObject, { description: 'Labels: an object whose values are strings.' })
  labels!: JsonObject;

  @Field(() => SensitivityEnum, { description: 'The sensitivity of the values.' })
  sensitivity!: keyof typeof SensitivityEnum;

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds after which a value is EXPIRED. A value of exactly this age is still valid. Null: values never ' +
      'expire.',
  })
  ttlSeconds!: number | null;

  @Field(() => [FeatureExpectation], {
    description: 'What the values are expected to be. Empty if the registry expects nothing (docs/expectations.md).',
  })
  expectations!: readonly FeatureExpectation[];

  @Field(() => String, {
    nullable: true,
    description: 'Why the feature is deprecated and what replaces it. Null if the feature is not deprecated.',
  })
  deprecationReason!: string | null;
}

export const FeatureConnection = createConnectionType(Feature, 'Feature', 'features');
