/** What goes between an ONNX predictor and its worker threads. */
export type SessionTask = { readonly kind: 'describe' } | RunTask;

/** Runs of the graph, one after another: each has the tensors of one group of instances. */
export interface RunTask {
  readonly kind: 'run';
  readonly runs: readonly (readonly TensorData[])[];
  /** The outputs that are wanted. */
  readonly fetches: readonly string[];
}

export interface SessionAnswer {
  /** Of a describe. */
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Of each run: what was fetched, in that order. */
  readonly runs: readonly (readonly TensorData[])[];
}

/** What a worker thread opens: the path of a model, or its bytes where they differ from the file. */
export interface SessionSource {
  readonly model: string | Uint8Array;
}

/** An input or output of a graph. */
export interface GraphValue {
  readonly name: string;
  /** As ONNX Runtime writes it, e.g. float32; null for a sequence or a map. */
  readonly type: string | null;
  /** A name for a dimension of any size. Of an output this is what the exporter believed, and not always what comes. */
  readonly shape: readonly (number | string)[];
}

export interface TensorData {
  readonly name: string;
  readonly type: string;
  /** Row by row. A bool is a byte. */
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
