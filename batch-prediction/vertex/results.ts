import { toInstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { BatchPredictionSpec, PredictionFailureRow, PredictionRow, ResultRange } from '../batch-predictions.js';
import { parseLosslessJson } from '../../values/lossless-json.js';

/** The failed instances, as an input that Vertex AI reads. */
export type FailedInstances = Required<Pick<BatchPredictionSpec, 'input' | 'excludedFields'>>;

/**
 * The output of a job on Vertex AI. Rows are numbered in the order of the output, which may differ from the input:
 * Vertex AI stores no row number.
 */
export interface VertexResults {
  predictions(range: ResultRange): Promise<PredictionRow[]>;
  failures(range: ResultRange): Promise<PredictionFailureRow[]>;
  /** All predictions in sequence, for aggregates. */
  allPredictions(): AsyncIterable<Readonly<Record<string, unknown>>>;
  /**
   * The failed instances as the input of another job: in the job's output, or under `name` beside it. undefined when
   * there are none.
   */
  failedInstances(name: string): Promise<FailedInstances | undefined>;
}

/** Selects the rows of a range from a stream of all rows. */
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

/**
 * A model's prediction for one instance. A prediction that is not an object (a number, a list) gets the name that
 * Vertex AI uses.
 */
export function predictionFields(prediction: unknown): Readonly<Record<string, unknown>> {
  const value = typeof prediction === 'string' ? parsed(prediction) : prediction;
  return isFields(value) ? value : { prediction: value };
}

/** The instance that the job received, which may also be a list: a line of CSV is a list. */
export function instanceFields(instance: unknown): Readonly<Record<string, unknown>> {
  return isFields(instance) ? instance : { instance };
}

/** The explanations of a job that requested them; null for any other. */
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

/** The google.rpc.Status in a job's errors: a number and a sentence. */
export function toFailure(status: unknown): Pick<PredictionFailureRow, 'code' | 'message'> {
  const { code, message } = (status ?? {}) as { readonly code?: number | string; readonly message?: string };
  return { code: toInstanceErrorCode(code), message: message ?? 'Vertex AI gave no reason.' };
}
