import { BIGINT, DOUBLE } from '@duckdb/node-api';
import { JobFailure } from '../../jobs/job-failure.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import type { WorkDatabase } from '../../training-sets/work-database.js';
import type { PredictedRows, TablePredictor } from '../table-predictor.js';
import type { BatchPredictionDependencies } from './batch-prediction-dependencies.js';
import { checkColumns, requireColumns } from './check-columns.js';
import { openModel } from './open-model.js';
import { checkModel } from './plan-batch-prediction.js';
import { BatchPredictor, DEFAULT_RETRY_POLICY } from './predict-batch.js';
import { predictInOrder } from './predict-in-order.js';
import type { PredictedInstance } from './predicted-instance.js';
import { readInstances } from './read-instances.js';
import { readTypedColumns } from './source-columns.js';

/** Batches that a model predicts at a time. */
const PARALLELISM = 2;

/** Predicts with the models of this machine. */
export class LocalTablePredictor implements TablePredictor {
  constructor(
    private readonly dependencies: Pick<BatchPredictionDependencies, 'offline' | 'servings' | 'retryPolicy'>,
  ) {}

  async check(model: Model, columns: readonly { readonly name: string }[]): Promise<void> {
    await checkModel(this.dependencies, model, 'model');
    requireColumns(columns, model.inputs, 'trainingSet');
  }

  async predict(
    work: WorkDatabase,
    { model, output, batchSize, columns, rows, onPredicted }: PredictedRows,
  ): Promise<void> {
    const table = work.table('predictions');
    await work.run(`CREATE TABLE IF NOT EXISTS ${table} (number BIGINT, predicted DOUBLE)`);
    const [before] = await work.rows(`SELECT count(predicted) AS predicted, count(*) AS rows FROM ${table}`);
    const done = before!.rows as bigint;
    requireColumns(columns, model.inputs, 'trainingSet');
    const inputs = columns.filter(({ name }) => model.inputs.some((input) => input.name === name));
    const read = checkColumns(readTypedColumns(inputs, model.inputs, {}), 'trainingSet');
    const relation = `(SELECT * FROM ${work.table('rows')} ORDER BY rowid)`;
    const source = { relation, columns: read, rows, originals: null, lineFault: null, describePlace: () => 'A row, ' };
    await using stack = new AsyncDisposableStack();
    const predictor = await openModel(this.dependencies, model, PARALLELISM, work.signal);
    stack.defer(() => predictor.close());
    // A connection runs one query at a time, and the predictions are written while the rows are read.
    const reading = await this.dependencies.offline.connect();
    stack.defer(() => reading.closeSync());
    const batches = readInstances(reading, source, { fromRow: Number(done), batchSize, withOthers: false });
    const { retryPolicy = DEFAULT_RETRY_POLICY } = this.dependencies;
    const { signal } = work;
    const calls = new BatchPredictor({ predictor, parameters: null, signal, retryPolicy });
    let predicted = before!.predicted as bigint;
    let failed = done - predicted;
    for await (const outcomes of predictInOrder(batches, calls, PARALLELISM)) {
      await work.append('predictions', (appender) => {
        for (const one of outcomes) {
          const value = toNumber(one, output);
          appender.appendValue(BigInt(one.input.number), BIGINT);
          if (value === null) appender.appendNull();
          else appender.appendValue(value, DOUBLE);
          appender.endRow();
          if (value === null) failed += 1n;
          else predicted += 1n;
        }
      });
      await onPredicted(predicted, failed);
    }
  }
}

function toNumber({ input, outcome }: PredictedInstance, output: string): number | null {
  const value = outcome?.kind === 'prediction' ? outcome.prediction[output] : null;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'bigint') return null;
  const number = Number(value);
  if (BigInt(number) === value) return number;
  // Metrics are doubles. The nearest one would be compared as if the model had said it.
  throw new JobFailure(
    'VALUE_NOT_REPRESENTABLE',
    `The model predicted ${value} for "${output}" in row ${input.number} (counted from 0). A backtest computes with doubles, ` +
      'which do not have this integer. Let the model give a smaller integer, a DOUBLE or a class.',
  );
}
