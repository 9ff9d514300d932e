import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { CostEstimate, Money } from './cost-estimate.js';

export const ServingModeEnum = { BATCH: 'BATCH', ONLINE: 'ONLINE' } as const;

registerEnumType(ServingModeEnum, {
  name: 'ServingMode',
  description: 'How predictions are made.',
  valuesConfig: {
    BATCH: { description: 'A batch prediction job makes them.' },
    ONLINE: { description: 'An endpoint makes them. It is deployed and billed all the time, also without requests.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'The cost of one number of predictions, in batch and online.' })
export class ServingCostPoint {
  @Field(() => BigIntScalar, { description: 'The number of predictions.' })
  predictions!: bigint;

  @Field(() => Money, { description: 'The cost in batch.' })
  batch!: Money;

  @Field(() => Money, { description: 'The cost online.' })
  online!: Money;

  @Field(() => ServingModeEnum, { description: 'The cheaper mode. BATCH if both cost the same.' })
  cheaper!: keyof typeof ServingModeEnum;
}

@ObjectType({
  simpleResolvers: true,
  description:
    'A comparison of batch and online prediction for the same predictions, with the volume at which online ' +
    'becomes cheaper.',
})
export class ServingComparison {
  @Field(() => CostEstimate, { description: 'The cost in batch.' })
  batch!: CostEstimate;

  @Field(() => CostEstimate, { description: 'The cost online, for the hours of the input.' })
  online!: CostEstimate;

  @Field(() => ServingModeEnum, { description: 'The cheaper mode. BATCH if both cost the same.' })
  cheaper!: keyof typeof ServingModeEnum;

  @Field(() => Float, {
    description:
      'The cost of the more expensive mode divided by the cost of the cheaper one, for the number of predictions ' +
      'of the input. If the cheaper mode costs nothing, the field is an error.',
  })
  ratio!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'The largest number of predictions for which batch costs at most as much as online. 0: online is always ' +
      'cheaper. Null: batch is cheaper up to 10^15 predictions.',
  })
  breakEvenPredictions!: number | null;

  @Field(() => [ServingCostPoint], {
    description:
      'Both costs for several numbers of predictions around the input and the break-even, in ascending order.',
    complexity: listComplexity(),
  })
  curve!: readonly ServingCostPoint[];

  @Field(() => Float, {
    nullable: true,
    description:
      'The largest number of predictions for which online costs at least `times` as much as batch. 0: not for a ' +
      'single prediction. Null: for all numbers up to 10^15.',
  })
  mostPredictionsForRatio!: number | null;
}
