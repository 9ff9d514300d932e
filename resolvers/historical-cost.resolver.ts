import { Arg, Ctx, Query, Resolver, type ClassType } from 'type-graphql';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';

/** What a historical query would scan, and by whose prices. */
export interface Scan {
  readonly bytes: bigint;
  /** null: the one of the configuration. */
  readonly priceBook: string | null;
}

/**
 * The resolver of estimateHistoricalQuery. How many bytes a training set scans is known to its store: a dry run of BigQuery,
 * or the sizes of embedded tables (priceBook THIS_MACHINE).
 */
export function historicalCostResolver<Input extends object>(
  trainingSetInput: ClassType<Input>,
  scanOf: (input: Input, context: RequestContext) => Promise<Scan>,
): ClassType {
  @Resolver()
  class HistoricalCostResolver {
    @Query(() => CostEstimate, {
      description: 'What a training set will cost in bytes scanned, without running it. Embedded stores cost nothing.',
    })
    async estimateHistoricalQuery(
      @Ctx() context: RequestContext,
      @Arg('input', () => trainingSetInput, { description: 'The training set.' }) input: Input,
    ): Promise<CostEstimate> {
      return costEstimate(await context.costs.estimator.historicalQuery(await scanOf(input, context)));
    }
  }
  return HistoricalCostResolver;
}
