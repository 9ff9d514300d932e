import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import type { Model, ModelRuntime } from '../../datasources/registry/prediction-model.js';
import type { RawValue } from '../../values/value-type.js';

/** One instance to predict: a row of the input, by column. INT64 is a bigint, TIMESTAMP an Instant. */
export type Instance = Readonly<Record<string, RawValue | null>>;

/** The outcome of one instance. A fault of the instance is data; it never fails its batch. */
export type PredictionOutcome = { readonly kind: 'prediction'; readonly prediction: Prediction } | PredictionFailure;

/** Why an instance has no prediction. */
export interface PredictionFailure {
  readonly kind: 'failure';
  readonly code: InstanceErrorCode;
  readonly message: string;
}

/**
 * The values by the names of the model's outputs, and all other fields of a container's answer for the instance. NaN
 * and infinities are ordinary values: the readers of predictions decide what they mean.
 */
export type Prediction = Readonly<Record<string, RawValue | null>>;

/** Runs one kind of model. This is the port; its adapters are onnx/ and http/. */
export interface ModelServing {
  readonly runtime: ModelRuntime;
  /** Makes a model ready. Throws AppError MODEL_UNAVAILABLE, with what to do, when it cannot be loaded or reached. */
  open(model: Model, options: PredictorOptions): Promise<Predictor>;

  /**
   * The permanent faults that prevent a model from predicting as its registry entry declares; empty: it can predict.
   * Leaves nothing open.
   */
  check(model: Model): Promise<readonly ModelFault[]>;

  /**
   * Why a valid model cannot predict at this moment, in a sentence for clients too; null: it can. A job waits for it.
   */
  findHealthFault(model: Model): Promise<string | null>;
}

/** A part of a model that is missing or does not match its registry entry. */
export interface ModelFault {
  /** The path in the model's entry, e.g. outputs[1]; empty for the whole entry. */
  readonly path: string;
  /** For operators and clients: it names no file, address or secret. */
  readonly message: string;
}

/** A batch failed; clients may read the message. Its instances may be the cause. */
export class BatchFailure extends Error {
  override readonly name = 'BatchFailure';
}

/**
 * The model's response is invalid for a whole batch: too few predictions, a tensor of another shape. No instance caused
 * it, and smaller batches would get the same response. The message is for clients.
 */
export class ModelResponseFault extends Error {
  override readonly name = 'ModelResponseFault';

  /** `path`: the path in the model's entry that does not match; empty where it is unknown. */
  constructor(
    message: string,
    readonly path = '',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface PredictorOptions {
  /** The maximum number of concurrent batches of `predict`: workers of an ONNX model, requests to a server. */
  readonly parallelism: number;
}

export interface Predictor {
  /**
   * Returns one outcome per instance, in order. It rejects when the batch as a whole failed (a crashed worker, HTTP
   * 500, a time-out): the caller retries, then with smaller batches. It rejects with MODEL_UNAVAILABLE when the model
   * did not respond or was overloaded: the instances are not the cause, and the caller waits with the same batch. It
   * rejects with a ModelResponseFault when the model violates the contract: the caller retries once, then fails the
   * job.
   */
  predict(request: PredictionRequest): Promise<readonly PredictionOutcome[]>;
  /** Predicts from columns; undefined for a model that takes only instances. */
  readonly columns?: ColumnPredictor | undefined;
  close(): Promise<void>;
}

/**
 * Predicts whole columns, with the same results as `predict`. What it cannot carry exactly or has no prediction for is
 * left out, and the caller gives these instances to `predict`, which says why.
 */
export interface ColumnPredictor {
  /** Rejects as `predict` does; the caller then predicts the instances. */
  predict(batch: ColumnBatch, signal: AbortSignal): Promise<ColumnPredictions>;
}

/** Instances as columns. */
export interface ColumnBatch {
  readonly rows: number;
  /** The most instances that the model gets in one run. The batch is as many runs as it takes. */
  readonly rowsPerRun: number;
  /** 1 for each row that is an instance; 0: the row is left out. */
  readonly sound: Uint8Array;
  /** By the name of the input. An input that is not here has its default. */
  readonly columns: ReadonlyMap<string, ValueColumn>;
}

/** The values of one input. */
export interface ValueColumn {
  /** DOUBLE, INT64, BOOL (0 and 1) or STRING. At a null, the value has no meaning. */
  readonly values: Float64Array | BigInt64Array | Uint8Array | readonly (string | null)[];
  /** 1 for each value that is not null; null: all of them. */
  readonly present: Uint8Array | null;
  /** Arrays: where the elements of each row begin in `values`, and how many there are; null for one value a row. */
  readonly lists: { readonly starts: Uint32Array; readonly lengths: Uint32Array } | null;
}

export interface ColumnPredictions {
  /** 1 for each row with a prediction. */
  readonly predicted: Uint8Array;
  /** In the order of the model's outputs: DOUBLE, INT64, BOOL or STRING. A row without a prediction has any value. */
  readonly outputs: readonly PredictedColumn[];
}

export type PredictedColumn = Float64Array | BigInt64Array | Uint8Array | readonly string[];

export interface PredictionRequest {
  /** At least one. */
  readonly instances: readonly Instance[];
  /** Passed to the model unchanged with every batch; null for none. */
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly signal: AbortSignal;
}
