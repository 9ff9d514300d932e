import { Field, ObjectType, registerEnumType } from 'type-graphql';

export const LeftOutReasonEnum = { DENIED: 'DENIED', PERSONAL: 'PERSONAL' } as const;

registerEnumType(LeftOutReasonEnum, {
  name: 'LeftOutReason',
  description: 'Why the policy keeps a feature out of a training set.',
  valuesConfig: {
    DENIED: { description: 'The client has no permission to read the feature of all entities of the labels.' },
    PERSONAL: {
      description: 'The feature has the sensitivity PERSONAL, and the input does not name it in `features`.',
    },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A feature that the policy keeps out of a training set.' })
export class LeftOutFeature {
  @Field(() => String, { description: 'The name of the featurestore.' })
  featurestore!: string;

  @Field(() => String, { description: 'The name of the entity type.' })
  entityType!: string;

  @Field(() => String, { description: 'The name of the feature.' })
  feature!: string;

  @Field(() => LeftOutReasonEnum, { description: 'Why it is left out.' })
  reason!: keyof typeof LeftOutReasonEnum;
}
