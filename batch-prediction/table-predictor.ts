import type { Model } from '../datasources/registry/prediction-model.js';
import type { WorkDatabase } from '../training-sets/work-database.js';

/** The port of predictions for the rows of a work database. Its adapter runs the models of this machine. */
export interface TablePredictor {
  /** Refuses a model that cannot predict as the registry says, by `model`, and columns without its inputs, by `trainingSet`. */
  check(model: Model, columns: readonly { readonly name: string }[]): Promise<void>;

  /**
   * Predicts for each row of the table `rows` and writes the table `predictions`, in the same order, with `predicted`: a
   * finite number, or null where the model gave none. It goes on after the rows that the table has. A model behind HTTP also gets its declared inputs alone: another
   * column could be the actual value.
   */
  predict(work: WorkDatabase, rows: PredictedRows): Promise<void>;
}

export interface PredictedRows {
  readonly model: Model;
  /** The output of the model that is kept. */
  readonly output: string;
  readonly batchSize: number;
  /** All columns of the table; the model gets only its inputs. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
  /** Called when the predictions of a batch are in the table. */
  readonly onPredicted: (rows: bigint, failed: bigint) => Promise<void>;
}
