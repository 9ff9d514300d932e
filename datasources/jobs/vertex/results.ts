import type { PredictionFailureRow, PredictionRow, ResultRange } from '../batch-predictions.js';

/**
 * What a job on Vertex AI wrote. Rows are numbered in the order of the output, which need not be that of the input: Vertex
 * AI keeps no number of its own.
 */
export interface VertexResults {
  predictions(range: ResultRange): Promise<PredictionRow[]>;
  failures(range: ResultRange): Promise<PredictionFailureRow[]>;
  /** All predictions, one after another, for aggregates. */
  allPredictions(): AsyncIterable<Readonly<Record<string, unknown>>>;
}

/** The rows of a range out of a stream of all rows. */
export async function rowsInRange<Row>(
  rows: AsyncIterable<Row>,
  { after, limit }: ResultRange,
): Promise<{ readonly row: Row; readonly instanceNumber: bigint }[]> {
  const found: { row: Row; instanceNumber: bigint }[] = [];
  let instanceNumber = 0n;
  if (limit === 0) return found;
  for await (const row of rows) {
    if (after === null || instanceNumber > after) found.push({ row, instanceNumber });
    if (found.length >= limit) break;
    instanceNumber += 1n;
  }
  return found;
}

/** A model's answer for one instance. One that is no object (a number, a list) is named as Vertex AI names it. */
export function predictionFields(prediction: unknown): Readonly<Record<string, unknown>> {
  const value = typeof prediction === 'string' ? parsed(prediction) : prediction;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  return { prediction: value };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** google.rpc.Status as a job's errors carry it: a number and a sentence. */
export function failureOf(status: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = (status ?? {}) as { readonly code?: number | string; readonly message?: string };
  return { code: String(code ?? 'UNKNOWN'), message: message ?? 'Vertex AI gave no reason.' };
}
