import { Field, Float, ID, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';
import { EntityType } from './entity-type.js';
import { Feature } from './feature.js';

@ObjectType({
  implements: Node,
  description:
    'A monitor of the registry: checks of features over a window of event time. `runMonitor` runs it, and its schedule does.',
})
export class Monitor implements Node {
  @Field(() => ID, { description: 'The resource name, "featurestores/…/monitors/…".' })
  id!: string;

  @Field(() => String, { description: 'The name, unique in the featurestore, in snake_case.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it watches. Null if the registry has no description.' })
  description!: string | null;

  @Field(() => EntityType, { description: 'The entity type of the features.' })
  entityType!: EntityType;

  @Field(() => [Feature], {
    description: 'The features that it checks, of those that the client may see.',
    complexity: listComplexity(),
  })
  features!: Feature[];

  @Field(() => Float, { description: 'The length of the window in seconds. The window ends at the moment of a run.' })
  windowSeconds!: number;

  @Field(() => String, {
    nullable: true,
    description:
      'The schedule of its runs: a cron expression of five fields in UTC, or in the time zone that a prefix names ' +
      '("CRON_TZ=Europe/Zurich 0 3 * * *"). Null if it has no schedule.',
  })
  schedule!: string | null;

  @Field(() => Boolean, { description: 'Whether alerts are sent to a webhook.' })
  hasWebhook!: boolean;
}
