import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { estimateWork } from '../costs/estimate-work.js';
import { BatchPredictionEstimateInput } from '../schema/cost/batch-prediction-estimate.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import { TrainingSetInput } from '../schema/job/start-training-set.js';
import { batchPredictionRequest } from './batch-prediction-request.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';
import { withFieldPath } from './field-path.js';
import { trainingSetRequest } from './training-set-request.js';

/** The estimates that a job is admitted with, from the input of its mutation. */
@Resolver()
export class JobCostResolver {
  @Query(() => CostEstimate, {
    description: 'Estimates the cost of a training set, from the bytes that its query scans. No job is started.',
  })
  async estimateTrainingSet(
    @Ctx() context: RequestContext,
    @Arg('input', () => TrainingSetInput, { description: 'The definition of the training set.' })
    input: TrainingSetInput,
  ): Promise<CostEstimate> {
    return withFieldPath('input', async () => {
      const work = await context.trainingSets.work(trainingSetRequest(context, input));
      return costEstimate(await context.costs.estimator.historicalQuery(work));
    });
  }

  @Query(() => CostEstimate, {
    description:
      'Estimates the cost of a batch prediction, from the input of a job or from figures. No job is started.',
  })
  async estimateBatchPrediction(
    @Ctx() context: RequestContext,
    @Arg('input', () => BatchPredictionEstimateInput, { description: 'The batch prediction to estimate.' })
    { job, figures }: BatchPredictionEstimateInput,
  ): Promise<CostEstimate> {
    const { batchPredictions, costs } = context;
    if (figures) {
      return withFieldPath('input.figures', async () => costEstimate(await costs.estimator.batchPrediction(figures)));
    }
    return withFieldPath('input.job', async () => {
      const work = await batchPredictions.work(await batchPredictionRequest(context, job!));
      return costEstimate(await estimateWork(costs.estimator, work));
    });
  }
}
