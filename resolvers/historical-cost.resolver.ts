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
    @Ctx() { registry, stores, costs, trainingSets, now }: RequestContext,
    @Arg('input', () => TrainingSetInput, { description: 'The training set.' }) input: TrainingSetInput,
  ): Promise<CostEstimate> {
    const request = trainingSetRequest(registry, input);
    const work = await scanWork(request, stores, now, () => trainingSets.countLabels(request));
    return costEstimate(await costs.estimator.historicalQuery(work));
  }
}
