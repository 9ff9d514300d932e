import { Arg, Field, ID, InterfaceType, Int } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { EntityType } from '../registry/entity-type.js';
import { DateTime } from '../scalars/date-time.js';
import { FeatureValue, FeatureValueConnection } from './feature-value.js';

/**
 * What all entities have. Each entity type of the registry becomes an object type that implements this and adds its
 * features as typed fields (from-registry.ts).
 */
@InterfaceType({
  description:
    'One thing of an entity type, now or as of a moment. It need not be known: then its values are NOT_FOUND.',
  autoRegisterImplementations: false,
})
export abstract class Entity {
  @Field(() => ID, {
    description:
      'Its resource name. One read as of a moment, or with other arguments, has another id than the entity now.',
  })
  id!: string;

  @Field(() => ID, {
    description: 'Its own id, unique in its entity type. A composite id is its parts joined by commas.',
  })
  entityId!: string;

  @Field(() => DateTime, { nullable: true, description: 'The moment it is read as of, UTC; null for now.' })
  asOf!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'The creation time up to which rows count, UTC; null when they count whenever they were written.',
  })
  knownAt!: bigint | null;

  @Field(() => EntityType, { description: 'Its kind.' })
  entityType!: unknown;

  @Field(() => [FeatureValue], {
    description: 'Its features with status and time. All of them when neither names nor view is given.',
    complexity: listComplexity('names'),
  })
  features(
    @Arg('names', () => [String], { nullable: true, description: 'The features by name, in the order wanted.' })
    _names: string[] | null,
    @Arg('view', () => String, { nullable: true, description: 'The features of a feature view instead.' })
    _view: string | null,
  ): unknown {
    throw new Error('answered by the types made from the registry');
  }

  @Field(() => FeatureValueConnection, {
    description:
      'The values one feature has had, the newest first; one a moment. It ends at asOf, or now; knownAt and strictlyBefore ' +
      'of the entity leave out the same rows as they do elsewhere. ageSeconds counts to asOf, or to now.',
    complexity: listComplexity('first'),
  })
  history(
    @Arg('feature', () => String, { description: 'The name of the feature.' }) _feature: string,
    @Arg('from', () => DateTime, { nullable: true, description: 'The earliest timestamp, inclusive. null: no bound.' })
    _from: bigint | null,
    @Arg('to', () => DateTime, { nullable: true, description: 'The latest timestamp, inclusive. null: no bound.' })
    _to: bigint | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100, description: 'How many, at most 100.' })
    _first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Only those after this cursor.' }) _after: string | null,
  ): unknown {
    throw new Error('answered by the types made from the registry');
  }
}
