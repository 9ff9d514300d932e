import { Field, Float, ID, ObjectType } from 'type-graphql';
import { createConnectionType } from '../connection.js';
import { Node } from '../node.js';
import { JSONObject, type JsonObject } from '../scalars/json-object.js';
import { EntityType } from './entity-type.js';
import type { ValueType } from '../../values/value-type.js';
import { SensitivityEnum, ValueTypeEnum } from './enums.js';

@ObjectType({ implements: Node, description: 'A typed, described, time-varying property of the entities of a type.' })
export class Feature implements Node {
  @Field(() => ID, { description: 'Its resource name.' })
  id!: string;

  @Field(() => String, { description: 'Unique in its entity type, in snake_case.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it says; null when nobody wrote it down.' })
  description!: string | null;

  @Field(() => ValueTypeEnum, { description: 'The type of its values.' })
  valueType!: ValueType;

  @Field(() => String, { nullable: true, description: 'The unit of a number, e.g. minutes; null when it has none.' })
  unit!: string | null;

  @Field(() => String, { nullable: true, description: 'Who answers for it; null when nobody is named.' })
  owner!: string | null;

  @Field(() => JSONObject, { description: 'Free key-value pairs, all strings.' })
  labels!: JsonObject;

  @Field(() => SensitivityEnum, { description: 'How careful one must be with its values.' })
  sensitivity!: keyof typeof SensitivityEnum;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds after which a value is EXPIRED; null for never. A value exactly this old is still valid.',
  })
  ttlSeconds!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why it should not be used any more, and what to use instead; null while it should.',
  })
  deprecationReason!: string | null;

  @Field(() => EntityType, { description: 'The kind of thing it describes.' })
  entityType!: EntityType;
}

export const FeatureConnection = createConnectionType(Feature, 'Feature', 'features');
