import { Field, ID, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';
import { EntityType } from './entity-type.js';
import { Feature } from './feature.js';

@ObjectType({
  implements: Node,
  description: 'A feature view: a named list of features of one entity type that are served together.',
})
export class FeatureView implements Node {
  @Field(() => ID, { description: 'The resource name, "featurestores/…/featureViews/…".' })
  id!: string;

  @Field(() => String, { description: 'The name, unique in the featurestore, in snake_case.' })
  name!: string;

  @Field(() => EntityType, { description: 'The entity type of the features.' })
  entityType!: EntityType;

  @Field(() => [Feature], {
    description: 'The features, in the order of the feature view.',
    complexity: listComplexity(),
  })
  features!: Feature[];

  @Field(() => String, {
    nullable: true,
    description:
      'The sync schedule: a cron expression of five fields in UTC, or in the time zone that a prefix names ' +
      '("CRON_TZ=Europe/Zurich 0 3 * * *"). Null if the view has no schedule.',
  })
  schedule!: string | null;
}
