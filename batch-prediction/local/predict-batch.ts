import pRetry from 'p-retry';
import { AppError } from '../../errors/app-error.js';
import {
  BatchFailure,
  ModelResponseFault,
  type Instance,
  type PredictionOutcome,
  type Predictor,
} from '../models/model-serving.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { InputInstance } from './batch-source.js';
import type { PredictedInstance } from './predicted-instance.js';

export interface RetryPolicy {
  /** The pause before the first retry of a failed batch, in milliseconds; it doubles each time. */
  readonly initialBackoffMs: number;
  /** The number of retries for an unreachable model before the job fails; the pauses grow to at most 30 s. */
  readonly outageRetries: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { initialBackoffMs: 500, outageRetries: 8 };

/** The retries of a batch, and of a single instance before it fails. */
const RETRIES = 3;
const MAX_BACKOFF_MS = 30_000;

/** The retries after a response that violates the contract: it may have been truncated. */
const RESPONSE_FAULT_RETRIES = 1;

/**
 * If the model has answered nothing yet, this number of consecutive failed single instances means that the model is
 * broken.
 */
const MAX_CONSECUTIVE_FAILURES = 16;

interface BatchPredictorOptions {
  readonly predictor: Predictor;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly signal: AbortSignal;
  readonly retryPolicy: RetryPolicy;
}

/**
 * Gets an outcome for every instance of a batch, whatever the model does:
 *
 * - A failed batch is retried three times, then halved until the bad instances are alone. Halves are tried once; a
 *   single instance is retried three times before it fails.
 * - An unreachable model does not fail instances: the batch waits for it with growing pauses, and the job fails with
 *   MODEL_UNAVAILABLE when the model does not return.
 * - A model that violates the contract (HTTP 200 without predictions, a tensor of another shape) is called once more,
 *   then the job fails: no instance caused it, and smaller batches would get the same response.
 * - A model that fails for every single instance from the start on is broken. It fails the job in the same way, instead
 *   of failing ten million instances one by one.
 */
export class BatchPredictor {
  #hasAnswered = false;
  #failuresInARow = 0;

  constructor(private readonly options: BatchPredictorOptions) {}

  async predict(instances: readonly Instance[]): Promise<readonly PredictionOutcome[]> {
    return instances.length === 0 ? [] : this.#predict(instances, RETRIES);
  }

  /** The model has answered in another way than by `predict`. */
  noteAnswer(): void {
    this.#hasAnswered = true;
  }

  async #predict(instances: readonly Instance[], retries: number): Promise<readonly PredictionOutcome[]> {
    try {
      return await this.#retrying(() => this.#ask(instances), retries);
    } catch (error) {
      if (this.options.signal.aborted || error instanceof JobFailure) throw error;
      if (error instanceof ModelResponseFault) throw invalidResponse(error);
      if (instances.length === 1) return [this.#toInvalidOutcomes(error)];
      const middle = Math.ceil(instances.length / 2);
      const halves = [instances.slice(0, middle), instances.slice(middle)];
      const outcomes: PredictionOutcome[] = [];
      // The halves run sequentially: this batch counts as one of the concurrent batches, not several.
      for (const half of halves) outcomes.push(...(await this.#predict(half, half.length === 1 ? RETRIES : 0)));
      return outcomes;
    }
  }

  async #ask(instances: readonly Instance[]): Promise<readonly PredictionOutcome[]> {
    const { predictor, parameters, signal } = this.options;
    const outcomes = await predictor.predict({ instances, parameters, signal });
    if (outcomes.length !== instances.length) {
      throw new Error(`the model gave ${outcomes.length} outcomes for ${instances.length} instances`);
    }
    this.#hasAnswered = true;
    return outcomes;
  }

  /** Two retry budgets: few retries for a model that fails, more and longer ones for an unreachable model. */
  async #retrying<Result>(work: () => Promise<Result>, retries: number): Promise<Result> {
    const { signal, retryPolicy: pace } = this.options;
    let failures = 0;
    const run = pRetry(work, {
      retries: pace.outageRetries,
      minTimeout: pace.initialBackoffMs,
      maxTimeout: MAX_BACKOFF_MS,
      factor: 2,
      randomize: true,
      signal,
      shouldRetry: ({ error }) => {
        if (isUnreachable(error)) return true;
        failures += 1;
        return failures <= (error instanceof ModelResponseFault ? RESPONSE_FAULT_RETRIES : retries);
      },
    });
    return run.catch((error: unknown) => {
      if (!signal.aborted && isUnreachable(error)) throw unavailable(error);
      throw error;
    });
  }

  #toInvalidOutcomes(error: unknown): PredictionOutcome {
    this.#failuresInARow = this.#hasAnswered ? 0 : this.#failuresInARow + 1;
    if (this.#failuresInARow >= MAX_CONSECUTIVE_FAILURES) throw unavailable(error);
    const message = `The model failed for this instance, alone and repeatedly.${inItsWords(error)}`;
    return { kind: 'failure', code: 'PREDICTION_FAILED', message };
  }
}

/** The outcomes of instances, of which some may have a fault. */
export async function predictBatch(
  predictor: BatchPredictor,
  batch: readonly InputInstance[],
): Promise<readonly PredictedInstance[]> {
  const sound = batch.filter(({ fault }) => fault === null);
  const outcomes = (await predictor.predict(sound.map(({ instance }) => instance)))[Symbol.iterator]();
  return batch.map((input) => ({ input, outcome: input.fault ? null : outcomes.next().value! }));
}

function unavailable(cause: unknown): JobFailure {
  const message =
    'The model could not be reached or did not answer, in all tries. The predictions until then are kept. ' +
    `Check that the model works, then start the job again.${inItsWords(cause)}`;
  return new JobFailure('MODEL_UNAVAILABLE', message, { cause });
}

function invalidResponse(cause: ModelResponseFault): JobFailure {
  const message =
    `${cause.message} The response is not a valid answer to a batch, also after one more try, so the job ended. What was predicted until ` +
    'then are kept. Correct the model or its entry in the registry, then start the job again.';
  return new JobFailure('INVALID_MODEL_RESPONSE', message, { cause });
}

/** The model's own message, where clients may see it; empty otherwise. */
function inItsWords(error: unknown): string {
  if (error instanceof AppError || error instanceof BatchFailure) return ` ${error.message}`;
  if (error instanceof Error && error.name === 'TimeoutError') return ' It did not answer before its deadline.';
  return '';
}

const NETWORK_CODES =
  /^(E(CONNREFUSED|CONNRESET|CONNABORTED|NOTFOUND|AI_AGAIN|TIMEDOUT|HOSTUNREACH|NETUNREACH|PIPE)|UND_ERR_(SOCKET|CONNECT_TIMEOUT))$/;

/** The model did not respond: the adapter (MODEL_UNAVAILABLE) or the underlying socket reports this. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AppError && error.code === 'MODEL_UNAVAILABLE') return true;
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODES.test(error.code)) return true;
  return isUnreachable(error.cause);
}
