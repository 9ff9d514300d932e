import { Readable } from 'node:stream';
import type { InputInstance } from './batch-source.js';
import { predictBatch, type BatchPredictor } from './predict-batch.js';
import type { PredictedInstance } from './predicted-instance.js';

/** Runs `parallelism` batches at a time; their outcomes come in the order of the input. */
export function predictInOrder(
  batches: AsyncIterable<readonly InputInstance[]>,
  predictor: BatchPredictor,
  parallelism: number,
): AsyncIterable<readonly PredictedInstance[]> {
  return Readable.from(batches, { objectMode: true, highWaterMark: 1 }).map(
    async (batch: readonly InputInstance[]) => predictBatch(predictor, batch),
    { concurrency: parallelism },
  );
}
