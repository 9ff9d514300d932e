import { Field, Float, ID, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';
import { Feature, FeatureConnection } from './feature.js';

/**
 * resolvers/entity-type.resolver.ts adds the fields of its featurestore and its entities, whose classes refer to this
 * one: two classes that refer to each other would be an import cycle.
 */
@ObjectType({
  implements: Node,
  description: 'A kind of entity, e.g. airport. It defines the id columns and the features of its entities.',
})
export class EntityType implements Node {
  @Field(() => ID, { description: 'The resource name, "featurestores/…/entityTypes/…".' })
  id!: string;

  @Field(() => String, { description: 'The name, unique in the featurestore, in snake_case.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What one entity is. Null if the registry has no description.' })
  description!: string | null;

  @Field(() => [String], {
    description:
      'The columns that identify an entity. With several columns an entity id is composite: it is their values ' +
      'in this order, joined by commas. In a value, %2C stands for a comma and %25 for a percent sign.',
  })
  entityIdColumns!: string[];

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds after which a value is EXPIRED, unless the feature has a ttlSeconds of its own. Null: values ' +
      'never expire.',
  })
  ttlSeconds!: number | null;

  @Field(() => Boolean, {
    description:
      'How a read picks values. true: all features come from the newest row of the entity, including its nulls. ' +
      'false: each feature has its newest non-null value.',
  })
  dense!: boolean;

  @Field(() => FeatureConnection, {
    description: 'The features, in the order of the registry.',
    complexity: listComplexity('first'),
  })
  features!: unknown;

  @Field(() => Feature, {
    nullable: true,
    description: 'The feature with this name. If there is none, the field is null with the error FEATURE_NOT_FOUND.',
  })
  feature!: unknown;
}
