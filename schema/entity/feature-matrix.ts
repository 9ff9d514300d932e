import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';
import { FeatureValueStatusEnum } from './feature-value.js';

@ObjectType({
  simpleResolvers: true,
  description:
    'Values of many entities as arrays. In `values`, `timestamps` and `statuses`, [i][j] belongs to entity i ' +
    'of `entityIds` and feature j of `names`.',
})
export class FeatureMatrix {
  @Field(() => [ID], { description: 'The entity ids, in the order of the argument.' })
  entityIds!: readonly string[];

  @Field(() => [String], { description: 'The names of the features, in the order of the argument.' })
  names!: readonly string[];

  @Field(() => [[FeatureScalar]], {
    nullable: 'items',
    description: 'The values. Null unless the status is PRESENT, or EXPIRED with the argument `includeExpired`.',
  })
  values!: readonly (readonly unknown[])[];

  @Field(() => [[DateTime]], {
    nullable: 'items',
    description: 'The event time of each value, in UTC. Null if there is no value, or if its source is static.',
  })
  timestamps!: readonly (readonly (bigint | null)[])[];

  @Field(() => [[FeatureValueStatusEnum]], { description: 'The status of each value.' })
  statuses!: readonly (readonly (keyof typeof FeatureValueStatusEnum)[])[];
}
