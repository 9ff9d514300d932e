import { Field, Float, ID, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Entity } from '../entity/entity.js';
import { Node } from '../node.js';
import { Feature, FeatureConnection } from './feature.js';
import { Featurestore } from './featurestore.js';

@ObjectType({ implements: Node, description: 'A kind of thing with an id, e.g. airport.' })
export class EntityType implements Node {
  @Field(() => ID, { description: 'Its resource name.' })
  id!: string;

  @Field(() => String, { description: 'Unique in its featurestore.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What one entity is; null when nobody wrote it down.' })
  description!: string | null;

  @Field(() => [String], {
    description:
      'The columns of its id. With several the id is composite: their values joined by commas, a comma in a value ' +
      'written %2C and a percent sign %25.',
  })
  entityIdColumns!: string[];

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds after which its values are EXPIRED, where a feature says nothing else; null for never.',
  })
  ttlSeconds!: number | null;

  @Field(() => Boolean, {
    description:
      'true: an entity is known by its newest whole row, nulls included. false: by the newest non-null value of each ' +
      'feature on its own.',
  })
  dense!: boolean;

  @Field(() => Featurestore, { description: 'The featurestore it is in.' })
  featurestore!: unknown;

  @Field(() => FeatureConnection, {
    description: 'Its features, in the order of the registry.',
    complexity: listComplexity('first'),
  })
  features!: unknown;

  @Field(() => Feature, { nullable: true, description: 'One feature by name. FEATURE_NOT_FOUND when there is none.' })
  feature!: unknown;

  @Field(() => Entity, {
    nullable: true,
    description: 'One entity. It need not be known: then its values are NOT_FOUND.',
  })
  entity!: unknown;

  @Field(() => [Entity], {
    description: 'Many entities, in the order asked. At most 10 000.',
    complexity: listComplexity('entityIds'),
  })
  entities!: unknown;
}
