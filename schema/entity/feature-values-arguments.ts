import { ArgsType, Field, ID } from 'type-graphql';
import { formatLimit, REQUEST_LIMITS } from '../../limits/request-limits.js';

/** The arguments of `featureValues`. */
@ArgsType()
export class FeatureValuesArguments {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => [ID], { description: `The entity ids, from 1 to ${formatLimit(REQUEST_LIMITS.maxFollowedEntities)}.` })
  entityIds!: string[];

  @Field(() => [String], {
    nullable: true,
    description:
      'The names of features: only a write of one of them gives an event. Null: a write of any feature does.',
  })
  names!: string[] | null | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      'The `cursor` of an event: the first events have the values that were written after that event. Null: the values ' +
      'written from now on.',
  })
  after!: string | null | undefined;
}
