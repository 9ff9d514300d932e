import { Readable } from 'node:stream';
import type { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import type { ColumnPredictions, ColumnPredictor } from '../models/model-serving.js';
import type { ColumnSlice, ColumnSource } from './batch-source.js';
import { cutSlice } from './column-source.js';
import type { PredictedInstance } from './predicted-instance.js';
import { predictBatch, type BatchPredictor } from './predict-batch.js';
import type { SlicePace } from './slice-pace.js';

/** The outcomes of a slice. */
export interface PredictedSlice {
  readonly slice: ColumnSlice;
  /** null: the model has predicted no row as a column. */
  readonly predictions: ColumnPredictions | null;
  /** The outcomes of all other rows, in order. */
  readonly others: readonly PredictedInstance[];
}

interface SlicesOptions {
  readonly source: ColumnSource;
  readonly columns: ColumnPredictor;
  /** For rows that are no columns: those that do not fit, and those whose batch failed. */
  readonly batches: BatchPredictor;
  readonly scratch: DuckDbDatabase;
  readonly pace: SlicePace;
  readonly parallelism: number;
  readonly signal: AbortSignal;
}

/** Runs `parallelism` slices at a time; their outcomes come in the order of the input. */
export async function* predictSlices(
  slices: AsyncIterable<ColumnSlice>,
  options: SlicesOptions,
): AsyncGenerator<PredictedSlice> {
  const predicted = Readable.from(slices, { objectMode: true, highWaterMark: 1 }).map(
    async (slice: ColumnSlice) => predictSlice(slice, options),
    { concurrency: options.parallelism },
  );
  for await (const parts of predicted as AsyncIterable<readonly PredictedSlice[]>) yield* parts;
}

async function predictSlice(slice: ColumnSlice, options: SlicesOptions): Promise<readonly PredictedSlice[]> {
  const { columns, pace, signal } = options;
  const startedAt = performance.now();
  const { rows, rowsPerRun } = slice.batch;
  let predictions: ColumnPredictions | null = null;
  try {
    predictions = await columns.predict(slice.batch, signal);
    pace.note(performance.now() - startedAt, rows > rowsPerRun * (pace.runs >> 1));
  } catch (error) {
    if (signal.aborted) throw error;
    // One run may have failed of several: the others stay columns.
    if (rows > rowsPerRun) {
      const middle = Math.ceil(rows / 2);
      const first = await predictSlice(cutSlice(slice, 0, middle), options);
      return [...first, ...(await predictSlice(cutSlice(slice, middle, rows), options))];
    }
    // The general way tries again, and finds the instances that make the batch fail.
  }
  return [await withOthers(slice, predictions, options)];
}

/** Predicts as instances what the model has not predicted as columns. */
async function withOthers(
  slice: ColumnSlice,
  predictions: ColumnPredictions | null,
  { source, batches, scratch }: SlicesOptions,
): Promise<PredictedSlice> {
  const rows: number[] = [];
  for (let row = 0; row < slice.batch.rows; row += 1) if (predictions?.predicted[row] !== 1) rows.push(row);
  if (rows.length < slice.batch.rows) batches.noteAnswer();
  if (rows.length === 0) return { slice, predictions, others: [] };
  const instances = await scratch.use((connection) => source.readInstances(connection, slice, rows));
  const others: PredictedInstance[] = [];
  const { rowsPerRun } = slice.batch;
  for (let from = 0; from < instances.length; from += rowsPerRun) {
    others.push(...(await predictBatch(batches, instances.slice(from, from + rowsPerRun))));
  }
  return { slice, predictions: rows.length === slice.batch.rows ? null : predictions, others };
}
