import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { Model, ModelRuntime } from '../../datasources/registry/prediction-model.js';
import type { RawValue } from '../../values/value-type.js';

/** One thing to predict for: a row of the input, by column. INT64 is a bigint, TIMESTAMP an Instant. */
export type Instance = Readonly<Record<string, RawValue | null>>;

/** What came of one instance. A fault of the instance itself is data; it never fails the batch it was in. */
export type PredictionOutcome = { readonly kind: 'prediction'; readonly prediction: Prediction } | PredictionFailure;

/** Why an instance has no prediction. */
export interface PredictionFailure {
  readonly kind: 'failure';
  readonly code: InstanceErrorCode;
  readonly message: string;
}

/**
 * By the names of the model's outputs, and whatever else a container answered for the instance. A NaN or an infinity that
 * a model gives is a value like any other number: what it means is for who reads the predictions.
 */
export type Prediction = Readonly<Record<string, RawValue | null>>;

/** Runs one kind of model. The port behind which onnx/ and http/ stand. */
export interface ModelServing {
  readonly runtime: ModelRuntime;
  /** Makes a model ready. Throws AppError MODEL_UNAVAILABLE, with what to do, when it cannot be loaded or reached. */
  open(model: Model, options: PredictorOptions): Promise<Predictor>;

  /**
   * What keeps a model from predicting as its entry in the registry says, until somebody corrects the one or the other; none:
   * it can. Nothing is kept open.
   */
  check(model: Model): Promise<readonly ModelFault[]>;

  /** Why a model that fits cannot predict at this moment, in a sentence for clients too; null: it can. A job waits for it. */
  findHealthFault(model: Model): Promise<string | null>;
}

/** Something of a model that is not there, or does not fit its entry in the registry. */
export interface ModelFault {
  /** The place in the model's entry, e.g. outputs[1]; empty for the whole of it. */
  readonly path: string;
  /** For operators and clients alike: it names no file, address or secret. */
  readonly message: string;
}

/** A batch failed, for a reason that clients may read: the message is theirs. It may be the fault of its instances. */
export class BatchFailure extends Error {
  override readonly name = 'BatchFailure';
}

/**
 * What a model answered is no answer to a whole batch: too few predictions, a tensor of another shape. Not an instance is at
 * fault, and smaller batches would be answered likewise. The message is for clients.
 */
export class ModelResponseFault extends Error {
  override readonly name = 'ModelResponseFault';

  /** `path`: the place in the model's entry that does not fit; empty where that is not known. */
  constructor(
    message: string,
    readonly path = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface PredictorOptions {
  /** How many batches `predict` is given at once: workers of an ONNX model, requests in flight to a server. */
  readonly parallelism: number;
}

export interface Predictor {
  /**
   * One outcome an instance, in order. Rejects when the batch as a whole failed (a crashed worker, HTTP 500, a time-out):
   * the caller tries again, then with smaller batches. With MODEL_UNAVAILABLE when nobody answered or had time for it: then
   * the instances are not at fault, and the caller waits with the same batch. With a ModelResponseFault when the model keeps
   * another contract: the caller tries once more, then gives up the job.
   */
  predict(request: PredictionRequest): Promise<readonly PredictionOutcome[]>;
  close(): Promise<void>;
}

export interface PredictionRequest {
  /** At least one. */
  readonly instances: readonly Instance[];
  /** Passed to the model as they are, with every batch; null for none. */
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly signal: AbortSignal;
}
