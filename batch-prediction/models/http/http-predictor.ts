import { AppError } from '../../../errors/app-error.js';
import type { PredictionFailure, PredictionOutcome, PredictionRequest, Predictor } from '../model-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { readInputs } from '../read-inputs.js';
import { readJson } from './read-json.js';
import { toJson } from './instance-json.js';
import { fromJson } from './prediction-json.js';

/** A request is one batch; instances that lack an input are left out of it and reported. */
export class HttpPredictor implements Predictor {
  readonly #closing = new AbortController();

  constructor(
    private readonly model: Model,
    private readonly deadlineMs: number,
    private readonly maxResponseBytes: number,
  ) {}

  async predict({ instances, parameters, signal }: PredictionRequest): Promise<readonly PredictionOutcome[]> {
    signal.throwIfAborted();
    const read = instances.map((instance) => readInputs(this.model, instance));
    const sent = read.flatMap((inputs, index) =>
      inputs.kind === 'inputs' ? [toJson(this.model, instances[index]!, inputs.values)] : [],
    );
    const outcomes = sent.length === 0 ? [] : await this.#ask(sent, parameters, signal);
    let next = 0;
    return read.map((inputs) => (inputs.kind === 'failure' ? inputs : outcomes[next++]!));
  }

  /** Gives up the requests in flight: a server's answer is of no use to anybody then. */
  async close(): Promise<void> {
    this.#closing.abort(new Error(`the predictor of model "${this.model.name}" is closed`));
  }

  async #ask(
    instances: readonly object[],
    parameters: PredictionRequest['parameters'],
    signal: AbortSignal,
  ): Promise<readonly PredictionOutcome[]> {
    const response = await fetch(this.model.location, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ instances, ...(parameters === null ? {} : { parameters }) }),
      redirect: 'error',
      signal: AbortSignal.any([signal, this.#closing.signal, AbortSignal.timeout(this.deadlineMs)]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      // A server that takes batches refuses all of one for the sake of a single instance. Alone, it is known to be that one.
      if (instances.length === 1 && IS_ABOUT_INSTANCES.has(response.status)) return [refused(response.status)];
      if (IS_BUSY.has(response.status)) {
        const message = `The server of model "${this.model.name}" has no time or is not there (HTTP ${response.status}).`;
        throw new AppError('MODEL_UNAVAILABLE', message);
      }
      throw new Error(`the server of model "${this.model.name}" answered HTTP ${response.status}`);
    }
    const answer = await readJson(response, this.maxResponseBytes);
    const predictions = (answer as { readonly predictions?: unknown } | null)?.predictions;
    if (!Array.isArray(predictions) || predictions.length !== instances.length) {
      const what = Array.isArray(predictions) ? `${predictions.length} predictions` : 'no list of predictions';
      throw new Error(`the server of model "${this.model.name}" gave ${what} for ${instances.length} instances`);
    }
    return predictions.map((prediction: unknown) => fromJson(this.model, prediction));
  }
}

/** Bad request, too large, unsupported, unprocessable. Not 401, 404 or 429: they are about the server or this client. */
const IS_ABOUT_INSTANCES = new Set([400, 413, 415, 422]);

/** Too many requests; what stands before the server cannot reach it; not available now. */
const IS_BUSY = new Set([429, 502, 503, 504]);

function refused(status: number): PredictionFailure {
  return { kind: 'failure', code: 'INSTANCE_REFUSED', message: `The model's server refused it (HTTP ${status}).` };
}
