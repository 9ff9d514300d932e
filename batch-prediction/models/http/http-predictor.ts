import { AppError } from '../../../errors/app-error.js';
import {
  BatchFailure,
  ModelResponseFault,
  type PredictionOutcome,
  type PredictionRequest,
  type Predictor,
} from '../model-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { readInputs } from '../read-inputs.js';
import { toJson } from './instance-json.js';
import { parseAnswer } from './parse-answer.js';
import { fromJson } from './prediction-json.js';
import { readBeginning, readBody } from './read-body.js';
import { serverSentence } from './server-sentence.js';
import { stringifyExactly } from '../../../values/minus-zero.js';

/** The read limit of an error response: enough for the server's message, and for a stack trace before it. */
const MAX_ERROR_BYTES = 64 * 1024;

/** A request is one batch; instances that lack an input are omitted from it and reported. */
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

  /** Aborts the running requests: their responses are no longer needed. */
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
      body: stringifyExactly({ instances, ...(parameters === null ? {} : { parameters }) }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, this.#closing.signal, AbortSignal.timeout(this.deadlineMs)]),
    });
    if (!response.ok) return this.#refuse(response, instances.length);
    const text = await readBody(response, this.maxResponseBytes);
    const answer = this.#parse(text, response.status);
    const predictions = (answer as { readonly predictions?: unknown } | null)?.predictions;
    if (!Array.isArray(predictions)) {
      throw this.#fault(
        `gave no list of predictions for ${instances.length} instances`,
        text.slice(0, MAX_ERROR_BYTES),
      );
    }
    if (predictions.length !== instances.length) {
      throw this.#fault(`gave ${predictions.length} predictions for ${instances.length} instances`);
    }
    return predictions.map((prediction: unknown) => fromJson(this.model, prediction));
  }

  #parse(text: string, status: number): unknown {
    try {
      return parseAnswer(text);
    } catch (cause) {
      throw this.#fault(`gave no JSON (HTTP ${status})`, text.slice(0, MAX_ERROR_BYTES), cause);
    }
  }

  async #refuse(response: Response, instances: number): Promise<PredictionOutcome[]> {
    const { status } = response;
    const said = await readBeginning(response, MAX_ERROR_BYTES);
    const sentence = withSentence(`(HTTP ${status})`, said);
    if (IS_ABOUT_INSTANCES.has(status)) {
      // A server rejects a whole batch because of a single instance. If the batch has one instance, that instance is
      // the cause.
      if (instances > 1) throw new BatchFailure(`The model's server refused the batch ${sentence}`);
      return [{ kind: 'failure', code: 'INSTANCE_REFUSED', message: `The model's server refused it ${sentence}` }];
    }
    const server = `The server of model "${this.model.name}"`;
    if (status < 400)
      throw this.#fault(
        `answered with a redirect (HTTP ${status}), which is not followed: name where it leads in the registry`,
      );
    if (status < 500 || IS_BUSY.has(status)) {
      throw new AppError(
        'MODEL_UNAVAILABLE',
        `${server} has no time, or does not let the gateway in, or is not there ${sentence}`,
      );
    }
    throw new BatchFailure(`${server} failed ${sentence}`);
  }

  #fault(what: string, said = '', cause?: unknown): ModelResponseFault {
    return new ModelResponseFault(withSentence(`The server of model "${this.model.name}" ${what}`, said), 'http', {
      cause,
    });
  }
}

/** `text: the server's message.`, or `text.` without a message. */
function withSentence(text: string, said: string): string {
  const sentence = serverSentence(said);
  if (sentence === '') return `${text}.`;
  return /[.!?…]$/.test(sentence) ? `${text}: ${sentence}` : `${text}: ${sentence}.`;
}

/** Bad request, too large, unsupported, unprocessable. All other 4xx concern the server, the address or this client. */
const IS_ABOUT_INSTANCES = new Set([400, 413, 415, 422]);

/** A proxy cannot reach the server, or the server is temporarily unavailable. */
const IS_BUSY = new Set([502, 503, 504]);
