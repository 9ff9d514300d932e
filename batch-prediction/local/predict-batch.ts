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

export interface RetryPolicy {
  /** Before a failed batch is tried again for the first time, in milliseconds; twice as long each time after. */
  readonly initialBackoffMs: number;
  /** How often a model that cannot be reached is tried again before the job fails; the pauses end at 30 s. */
  readonly outageRetries: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { initialBackoffMs: 500, outageRetries: 8 };

/** Of a batch, and of a single instance before it is called bad. */
const RETRIES = 3;
const MAX_BACKOFF_MS = 30_000;

/** Of an answer that keeps another contract: it may have been one that was cut off. */
const RESPONSE_FAULT_RETRIES = 1;

/** As long as a model has answered nothing, so many single instances failing in a row mean that the model is at fault. */
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
 * - A batch that fails is tried again three times, then halved until the bad instances stand alone. Halves are tried once;
 *   a single instance three times more, before it is called bad.
 * - A model that cannot be reached is no instance's fault: the batch waits for it with growing pauses, and the job fails
 *   with MODEL_UNAVAILABLE when it stays away.
 * - A model that keeps another contract (HTTP 200 without predictions, a tensor of another shape) is asked once more, then
 *   the job fails: no instance is at fault, and smaller batches are answered likewise.
 * - A model that fails for every single instance from the start on is broken, and ends the job likewise instead of
 *   marking ten million instances bad, one by one.
 */
export class BatchPredictor {
  #hasAnswered = false;
  #failuresInARow = 0;

  constructor(private readonly options: BatchPredictorOptions) {}

  async predict(instances: readonly Instance[]): Promise<readonly PredictionOutcome[]> {
    return instances.length === 0 ? [] : this.#predict(instances, RETRIES);
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
      // One after the other: this batch stays one of those in flight, not several.
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

  /** Two budgets: a few retries for a model that fails, more and longer ones for a model that is not there. */
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

function unavailable(cause: unknown): JobFailure {
  const message =
    'The model could not be reached, or answered nothing, however often it was tried. What was predicted until then is kept. ' +
    `See that the model works, then start the job again.${inItsWords(cause)}`;
  return new JobFailure('MODEL_UNAVAILABLE', message, { cause });
}

function invalidResponse(cause: ModelResponseFault): JobFailure {
  const message =
    `${cause.message} That is no answer to a batch, so the job ended after it was asked once more. What was predicted until ` +
    'then is kept. Correct the model or its entry in the registry, then start the job again.';
  return new JobFailure('INVALID_MODEL_RESPONSE', message, { cause });
}

/** What the model said itself, where that is fit for clients; empty for all else. */
function inItsWords(error: unknown): string {
  if (error instanceof AppError || error instanceof BatchFailure) return ` ${error.message}`;
  if (error instanceof Error && error.name === 'TimeoutError') return ' It did not answer before its deadline.';
  return '';
}

const NETWORK_CODES =
  /^(E(CONNREFUSED|CONNRESET|CONNABORTED|NOTFOUND|AI_AGAIN|TIMEDOUT|HOSTUNREACH|NETUNREACH|PIPE)|UND_ERR_(SOCKET|CONNECT_TIMEOUT))$/;

/** Nobody answered: said by the adapter (MODEL_UNAVAILABLE), or by the socket under it. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AppError && error.code === 'MODEL_UNAVAILABLE') return true;
  if ('code' in error && typeof error.code === 'string' && NETWORK_CODES.test(error.code)) return true;
  return isUnreachable(error.cause);
}
