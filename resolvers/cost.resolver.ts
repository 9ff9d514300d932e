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
  @Query(() => CostEstimate, { description: 'Estimates the cost of a model that is deployed for online prediction.' })
  async estimateOnlinePrediction(
    @Ctx() { costs }: RequestContext,
    @Arg('input', () => OnlinePredictionCostInput, { description: 'The figures of the deployment.' })
    input: OnlinePredictionCostInput,
  ): Promise<CostEstimate> {
    return withFieldPath('input', async () => costEstimate(await costs.estimator.onlinePrediction(input)));
  }

  @Query(() => CostEstimate, { description: 'Estimates the cost of a featurestore for one month.' })
  async estimateFeaturestore(
    @Ctx() { costs }: RequestContext,
    @Arg('input', () => FeaturestoreCostInput, { description: 'The figures of the featurestore.' })
    input: FeaturestoreCostInput,
  ): Promise<CostEstimate> {
    return withFieldPath('input', async () => costEstimate(await costs.estimator.featurestore(input)));
  }

  @Query(() => ServingComparison, {
    description: 'Compares the costs of the same predictions in batch and online.',
  })
  async compareServing(
    @Ctx() { costs }: RequestContext,
    @Arg('input', () => ServingComparisonInput, { description: 'The figures of the predictions.' })
    input: ServingComparisonInput,
  ): Promise<ComparisonRoot> {
    return withFieldPath('input', async () => servingComparison(await costs.estimator.compareServing(input)));
  }

  @Query(() => [PriceBook], {
    description: 'The price books. Editions with the same name stand together, newest first.',
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
    throw new AppError('VALUE_NOT_REPRESENTABLE', 'The cheaper mode costs nothing, so there is no ratio.');
  }

  @FieldResolver(() => Float, { nullable: true })
  mostPredictionsForRatio(
    @Root() { comparison }: ComparisonRoot,
    @Arg('times', () => Float, {
      description: 'The ratio of the online cost to the batch cost, greater than 0. 1 is the break-even.',
    })
    times: number,
  ): number | null {
    return comparison.mostPredictions(times)?.toNumber() ?? null;
  }
}
