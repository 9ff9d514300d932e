import { toInstanceErrorCode } from '../../errors/instance-error-codes.js';
import type {
  Attribution,
  BatchPredictionSpec,
  PredictionFailureRow,
  PredictionRow,
  ResultRange,
} from '../batch-predictions.js';
import { parseExactJson } from '../../values/lossless-json.js';

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

/** The explanation of a job that requested them, and its attributions; null for any other. */
export function readExplanation(explanation: unknown): Pick<PredictionRow, 'explanation' | 'attributions'> {
  const value = typeof explanation === 'string' ? parsed(explanation) : explanation;
  if (!isFields(value)) return { explanation: null, attributions: null };
  const attributions = Array.isArray(value.attributions) ? value.attributions.filter(isFields).map(toAttribution) : [];
  return { explanation: value, attributions };
}

/** JSON files name the fields in one way, tables may in the other. */
function toAttribution(fields: Readonly<Record<string, unknown>>): Attribution {
  const valueOf = (camel: string): unknown =>
    fields[camel] ?? fields[camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
  const text = (name: string): string | null => {
    const value = valueOf(name);
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const number = (name: string): number | null => toNumber(valueOf(name));
  const features = valueOf('featureAttributions');
  const index = valueOf('outputIndex');
  return {
    outputName: text('outputName'),
    outputDisplayName: text('outputDisplayName'),
    outputIndex: Array.isArray(index) ? index.map(toNumber).filter((one) => one !== null) : [],
    baselineOutputValue: number('baselineOutputValue'),
    instanceOutputValue: number('instanceOutputValue'),
    approximationError: number('approximationError'),
    featureAttributions: isFields(features) ? features : {},
  };
}

/** Numbers of attributions are doubles; a whole one may come as text or as an integer. */
function toNumber(value: unknown): number | null {
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return null;
  const number = Number(value);
  return value === '' || !Number.isFinite(number) ? null : number;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return text;
  }
}

/** The google.rpc.Status in a job's errors: a number and a sentence. */
export function toFailure(status: unknown): Pick<PredictionFailureRow, 'code' | 'message'> {
  const { code, message } = (status ?? {}) as { readonly code?: number | string; readonly message?: string };
  return { code: toInstanceErrorCode(code), message: message ?? 'Vertex AI gave no reason.' };
}
