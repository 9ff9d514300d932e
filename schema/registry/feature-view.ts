import { Field, ID, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';
import { EntityType } from './entity-type.js';
import { Feature } from './feature.js';

@ObjectType({ implements: Node, description: 'A named selection of features served together.' })
export class FeatureView implements Node {
  @Field(() => ID, { description: 'Its resource name.' })
  id!: string;

  @Field(() => String, { description: 'Unique in its featurestore.' })
  name!: string;

  @Field(() => EntityType, { description: 'The kind of thing it selects from.' })
  entityType!: EntityType;

  @Field(() => [Feature], { description: 'The features it selects, in its own order.', complexity: listComplexity() })
  features!: Feature[];

  @Field(() => String, {
    nullable: true,
    description:
      'When it is synced, as a cron expression in UTC, or in the time zone before it (CRON_TZ=Europe/Zurich 0 3 * * *); ' +
      'null when no schedule is set.',
  })
  schedule!: string | null;
}
