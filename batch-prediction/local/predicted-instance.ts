import type { PredictionOutcome } from '../models/model-serving.js';
import type { InputInstance } from './batch-source.js';

export interface PredictedInstance {
  readonly input: InputInstance;
  /** null for an instance that failed before it reached the model. */
  readonly outcome: PredictionOutcome | null;
}
