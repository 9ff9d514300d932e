import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { CostEstimate, Money } from './cost-estimate.js';

export const ServingModeEnum = { BATCH: 'BATCH', ONLINE: 'ONLINE' } as const;

registerEnumType(ServingModeEnum, {
  name: 'ServingMode',
  description: 'How predictions are made.',
  valuesConfig: {
    BATCH: { description: 'By a job that ends.' },
    ONLINE: { description: 'By an endpoint that is there, whether or not anything is asked of it.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'What a number of predictions costs either way.' })
export class ServingCostPoint {
  @Field(() => BigIntScalar, { description: 'How many predictions.' })
  predictions!: bigint;

  @Field(() => Money, { description: 'By a batch job.' })
  batch!: Money;

  @Field(() => Money, { description: 'By an endpoint.' })
  online!: Money;

  @Field(() => ServingModeEnum, { description: 'Which costs less; BATCH when they cost the same.' })
  cheaper!: keyof typeof ServingModeEnum;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'Batch against online for the same predictions, and the volume at which one becomes cheaper than the other.',
})
export class ServingComparison {
  @Field(() => CostEstimate, { description: 'By a batch job.' })
  batch!: CostEstimate;

  @Field(() => CostEstimate, { description: 'By an endpoint, deployed for the hours asked.' })
  online!: CostEstimate;

  @Field(() => ServingModeEnum, { description: 'Which costs less; BATCH when they cost the same.' })
  cheaper!: keyof typeof ServingModeEnum;

  @Field(() => Float, {
    description:
      'How many times as much the dearer one costs, for this number of predictions only. An error when the cheaper one costs nothing.',
  })
  ratio!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'The most predictions for which batch is not dearer; with one more, online is cheaper. 0: online always is. ' +
      'null: batch always is, up to 10^15.',
  })
  breakEvenPredictions!: number | null;

  @Field(() => [ServingCostPoint], {
    description: 'Both costs around the number asked and the break-even, by rising number of predictions.',
    complexity: listComplexity(),
  })
  curve!: readonly ServingCostPoint[];

  @Field(() => Float, {
    nullable: true,
    description:
      'The most predictions for which online costs at least so many times what batch does. 0: not even for one. null: for any ' +
      'number, up to 10^15.',
  })
  mostPredictionsForRatio!: number | null;
}
