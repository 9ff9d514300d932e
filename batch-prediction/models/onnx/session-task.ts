/** A message from an ONNX predictor to its worker threads. */
export type SessionTask = { readonly kind: 'describe' } | RunTask;

/** Runs the graph several times, in sequence. Each run has the tensors of one group of instances. */
export interface RunTask {
  readonly kind: 'run';
  readonly runs: readonly (readonly TensorData[])[];
  /** The names of the outputs to return. */
  readonly fetches: readonly string[];
}

export interface SessionAnswer {
  /** The result of a `describe` task; empty for a `run` task. */
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** The outputs of each run, in the order of `fetches`. */
  readonly runs: readonly (readonly TensorData[])[];
}

/** The model that a worker thread opens: the path, or the bytes if they differ from the file. */
export interface SessionSource {
  readonly model: string | Uint8Array;
  /** The folder of weights in files of their own. */
  readonly folder: string;
}

/** An input or output of a graph. */
export interface GraphValue {
  readonly name: string;
  /** The type in ONNX Runtime's notation, e.g. float32; null for a sequence or a map. */
  readonly type: string | null;
  /**
   * A name is a dimension of any size. The shape of an output is what the exporter assumed; the actual shape may
   * differ.
   */
  readonly shape: readonly (number | string)[];
}

export interface TensorData {
  readonly name: string;
  readonly type: string;
  /** In row-major order. A bool is a byte. */
  readonly data: Elements;
  readonly dims: readonly number[];
}

export type Elements =
  | Float16Array
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string[];
