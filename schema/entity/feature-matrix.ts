import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime } from '../scalars/date-time.js';
import { FeatureScalar } from '../scalars/feature-scalar.js';
import { FeatureValueStatusEnum } from './feature-value.js';

@ObjectType({
  simpleResolvers: true,
  description: 'Columns instead of objects, for many entities: values[i][j] is feature j of entity i.',
})
export class FeatureMatrix {
  @Field(() => [ID], { description: 'The entity ids, in the order asked.' })
  entityIds!: readonly string[];

  @Field(() => [String], { description: 'The feature names, in the order asked.' })
  names!: readonly string[];

  @Field(() => [[FeatureScalar]], {
    nullable: 'items',
    description: 'The values; null unless the status there is PRESENT.',
  })
  values!: readonly (readonly unknown[])[];

  @Field(() => [[DateTime]], {
    nullable: 'items',
    description: 'When each value became true, UTC; null where there is no time.',
  })
  timestamps!: readonly (readonly (bigint | null)[])[];

  @Field(() => [[FeatureValueStatusEnum]], { description: 'What is known of each.' })
  statuses!: readonly (readonly (keyof typeof FeatureValueStatusEnum)[])[];
}
