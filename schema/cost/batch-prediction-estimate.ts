import { Field, InputType } from 'type-graphql';
import { StartBatchPredictionInput } from '../job/start-batch-prediction.js';
import { OneOf } from '../one-of.js';
import { BatchPredictionFiguresInput } from './inputs.js';

@OneOf
@InputType({ description: 'The batch prediction to estimate: exactly one of its fields.' })
export class BatchPredictionEstimateInput {
  @Field(() => StartBatchPredictionInput, {
    nullable: true,
    description:
      'The input of `startBatchPrediction`. The gateway counts the rows of its source, and refuses what ' +
      '`startBatchPrediction` refuses.',
  })
  job!: StartBatchPredictionInput | undefined;

  @Field(() => BatchPredictionFiguresInput, {
    nullable: true,
    description: 'Figures of a batch prediction. No model and no source are needed.',
  })
  figures!: BatchPredictionFiguresInput | undefined;
}
