import type { RawValue, ValueType } from '../../values/value-type.js';

/** What runs a model: an ONNX file in this process, an HTTP server with Vertex AI's container contract, or Vertex AI. */
export const MODEL_RUNTIMES = ['ONNX', 'HTTP', 'VERTEX'] as const;
export type ModelRuntime = (typeof MODEL_RUNTIMES)[number];

/** A model of the registry. */
export interface Model {
  readonly kind: 'model';
  /** Unique in the registry. */
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly runtime: ModelRuntime;
  /** Where it is, for its runtime alone: a file, a URL, a resource name. Never shown to clients. */
  readonly location: string;
  /** How its server is spoken to; of HTTP models only. */
  readonly http?: HttpSettings;
  /** What an instance must have. Other columns of an input are passed over by ONNX and passed on by HTTP. */
  readonly inputs: readonly ModelField[];
  readonly outputs: readonly ModelField[];
}

export interface HttpSettings {
  /** Answers GET with 200 when the server can predict; null: that it answers at all is enough. */
  readonly healthUrl: string | null;
  /** Milliseconds after which a batch without an answer has failed. */
  readonly deadlineMs: number;
}

export interface ModelField {
  readonly name: string;
  readonly valueType: ValueType;
  readonly unit: string | null;
  readonly description: string | null;
  /** Of an input: the model knows what a missing value means. It gets NaN (ONNX, only DOUBLE) or null (HTTP). */
  readonly nullable?: boolean;
  /** Of an input: what the model gets instead of a missing value. Without it, and not nullable, the instance fails. */
  readonly default?: RawValue;
}

/** One thing to predict for: a row of the input, by column. INT64 is a bigint, TIMESTAMP an Instant. */
export type Instance = Readonly<Record<string, RawValue | null>>;

/** What came of one instance. A fault of the instance itself is data; it never fails the batch it was in. */
export type PredictionOutcome = { readonly kind: 'prediction'; readonly prediction: Prediction } | PredictionFailure;

/**
 * Codes of the adapters. MISSING_INPUT: an input is null or absent. INVALID_INPUT: a value the model cannot take.
 * INSTANCE_REFUSED: the model's server refused it. INVALID_PREDICTION: what the model gave does not fit its outputs.
 */
export interface PredictionFailure {
  readonly kind: 'failure';
  readonly code: string;
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
}

export interface PredictorOptions {
  /** How many batches `predict` is given at once: workers of an ONNX model, requests in flight to a server. */
  readonly parallelism: number;
}

export interface Predictor {
  /**
   * One outcome an instance, in order. Rejects when the batch as a whole failed (a crashed worker, HTTP 500, a time-out,
   * a wrong number of predictions): the caller tries again, then with smaller batches. With MODEL_UNAVAILABLE when nobody
   * answered or had time for it: then the instances are not at fault, and the caller waits with the same batch.
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
