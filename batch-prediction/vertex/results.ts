import { toInstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { BatchPredictionSpec, PredictionFailureRow, PredictionRow, ResultRange } from '../batch-predictions.js';
import { parseLosslessJson } from '../../values/lossless-json.js';

/** What failed, as an input that Vertex AI reads. */
export type FailedInstances = Required<Pick<BatchPredictionSpec, 'input' | 'excludedFields'>>;

/**
 * What a job on Vertex AI wrote. Rows are numbered in the order of the output, which need not be that of the input: Vertex
 * AI keeps no number of its own.
 */
export interface VertexResults {
  predictions(range: ResultRange): Promise<PredictionRow[]>;
  failures(range: ResultRange): Promise<PredictionFailureRow[]>;
  /** All predictions, one after another, for aggregates. */
  allPredictions(): AsyncIterable<Readonly<Record<string, unknown>>>;
  /** What failed, for another job: in what the job wrote, or under `name` beside it. undefined when there is nothing. */
  failedInstances(name: string): Promise<FailedInstances | undefined>;
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
  return isFields(value) ? value : { prediction: value };
}

/** What a job was given, which need not be an object either: a line of CSV is a list. */
export function instanceFields(instance: unknown): Readonly<Record<string, unknown>> {
  return isFields(instance) ? instance : { instance };
}

/** Of a job that was asked for explanations; null for any other. */
export function parseExplanation(explanation: unknown): Readonly<Record<string, unknown>> | null {
  return isFields(explanation) ? explanation : null;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return parseLosslessJson(text);
  } catch {
    return text;
  }
}

/** google.rpc.Status as a job's errors carry it: a number and a sentence. */
export function toFailure(status: unknown): Pick<PredictionFailureRow, 'code' | 'message'> {
  const { code, message } = (status ?? {}) as { readonly code?: number | string; readonly message?: string };
  return { code: toInstanceErrorCode(code), message: message ?? 'Vertex AI gave no reason.' };
}
