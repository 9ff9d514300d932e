import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { scanWork } from '../datasources/jobs/scan-work.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import { TrainingSetInput } from '../schema/job/start-training-set.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';
import { trainingSetRequest } from './training-set-request.js';

@Resolver()
export class HistoricalCostResolver {
  @Query(() => CostEstimate, {
    description: 'What a training set will cost in bytes scanned, without making it. Embedded stores cost nothing.',
  })
  async estimateHistoricalQuery(
    @Ctx() { registry, stores, costs, now }: RequestContext,
    @Arg('input', () => TrainingSetInput, { description: 'The training set.' }) input: TrainingSetInput,
  ): Promise<CostEstimate> {
    const work = await scanWork(trainingSetRequest(registry, input), stores, now);
    return costEstimate(await costs.estimator.historicalQuery(work));
  }
}
