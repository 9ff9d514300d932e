import { Arg, Ctx, FieldResolver, Float, Query, Resolver, Root } from 'type-graphql';
import { AppError } from '../errors/app-error.js';
import { listComplexity } from '../schema/complexity.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import { FeaturestoreCostInput, OnlinePredictionCostInput, ServingComparisonInput } from '../schema/cost/inputs.js';
import { PriceBook } from '../schema/cost/price-book.js';
import { ServingComparison } from '../schema/cost/serving-comparison.js';
import type { RequestContext } from './context.js';
import { costEstimate, priceBook, servingComparison, type ComparisonRoot } from './costs.js';
import { withFieldPath } from './field-path.js';

@Resolver()
export class CostResolver {
  @Query(() => CostEstimate, { description: 'What a model deployed for online prediction will cost.' })
  async estimateOnlinePrediction(
    @Ctx() { costs }: RequestContext,
    @Arg('input', () => OnlinePredictionCostInput, { description: 'The endpoint.' }) input: OnlinePredictionCostInput,
  ): Promise<CostEstimate> {
    return withFieldPath('input', async () => costEstimate(await costs.estimator.onlinePrediction(input)));
  }

  @Query(() => CostEstimate, { description: 'What a featurestore costs a month.' })
  async estimateFeaturestore(
    @Ctx() { costs }: RequestContext,
    @Arg('input', () => FeaturestoreCostInput, { description: 'The featurestore.' }) input: FeaturestoreCostInput,
  ): Promise<CostEstimate> {
    return withFieldPath('input', async () => costEstimate(await costs.estimator.featurestore(input)));
  }

  @Query(() => ServingComparison, {
    description: 'The same predictions by a job and by an endpoint, and for which volumes which is cheaper.',
  })
  async compareServing(
    @Ctx() { costs }: RequestContext,
    @Arg('input', () => ServingComparisonInput, { description: 'The predictions.' }) input: ServingComparisonInput,
  ): Promise<ComparisonRoot> {
    return withFieldPath('input', async () => servingComparison(await costs.estimator.compareServing(input)));
  }

  @Query(() => [PriceBook], {
    description: 'The price books that there are: the newest of each name first.',
    complexity: listComplexity(),
  })
  priceBooks(@Ctx() { costs }: RequestContext): PriceBook[] {
    return costs.estimator.books.all.map(priceBook);
  }
}

@Resolver(() => ServingComparison)
export class ServingComparisonResolver {
  @FieldResolver(() => Float)
  ratio(@Root() { comparison: { ratio } }: ComparisonRoot): number {
    if (ratio) return ratio.toSignificantDigits(15).toNumber();
    throw new AppError('VALUE_NOT_REPRESENTABLE', 'The cheaper way costs nothing: the other is infinitely dearer.');
  }

  @FieldResolver(() => Float, { nullable: true })
  mostPredictionsForRatio(
    @Root() { comparison }: ComparisonRoot,
    @Arg('times', () => Float, { description: 'The ratio of the costs, at least 1; 1 is the break-even.' })
    times: number,
  ): number | null {
    return comparison.mostPredictions(times)?.toNumber() ?? null;
  }
}
