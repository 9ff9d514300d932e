import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { estimateWork } from '../costs/estimate-work.js';
import { scanWork } from '../training-sets/scan-work.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import { StartBatchPredictionInput } from '../schema/job/start-batch-prediction.js';
import { TrainingSetInput } from '../schema/job/start-training-set.js';
import { batchPredictionRequest } from './batch-prediction-request.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';
import { trainingSetRequest } from './training-set-request.js';

/** What a job would be admitted with, by the input that starts it. */
@Resolver()
export class JobCostResolver {
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

  @Query(() => CostEstimate, {
    description:
      'What startBatchPrediction would say of the same input: its rows are counted, its faults refused. Nothing is started.',
  })
  async estimateBatchPredictionJob(
    @Ctx() { registry, batchPredictions, costs }: RequestContext,
    @Arg('input', () => StartBatchPredictionInput, { description: 'What would be started.' })
    input: StartBatchPredictionInput,
  ): Promise<CostEstimate> {
    const work = await batchPredictions.work(batchPredictionRequest(registry, input));
    return costEstimate(await estimateWork(costs.estimator, work));
  }
}
