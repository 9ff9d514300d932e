import { Field, InputType } from 'type-graphql';
import { StartBatchPredictionInput } from '../job/start-batch-prediction.js';
import { OneOf } from '../one-of.js';
import { BatchPredictionFiguresInput } from './inputs.js';

@OneOf
@InputType({ description: 'The batch prediction to estimate: a job as it would be started, or figures.' })
export class BatchPredictionEstimateInput {
  @Field(() => StartBatchPredictionInput, {
    nullable: true,
    description:
      'The input of startBatchPrediction. The gateway counts the rows of its source and refuses what startBatchPrediction ' +
      'refuses. It starts nothing.',
  })
  job!: StartBatchPredictionInput | undefined;

  @Field(() => BatchPredictionFiguresInput, {
    nullable: true,
    description: 'Figures of any batch prediction. Neither its model nor its source needs to exist.',
  })
  figures!: BatchPredictionFiguresInput | undefined;
}
