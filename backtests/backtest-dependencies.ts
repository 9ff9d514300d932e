import type { TablePredictor } from '../batch-prediction/table-predictor.js';
import type { ColumnReads } from '../datasources/offline/column-reads.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import type { TrainingSetDependencies } from '../training-sets/training-set-dependencies.js';

/** The dependencies of backtests: those of training sets, and the models. */
export interface BacktestDependencies extends TrainingSetDependencies {
  readonly predictor: TablePredictor;
  readonly getModel: (name: string) => Model | undefined;
  readonly reads: ColumnReads;
}
