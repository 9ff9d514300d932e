/** What goes between an ONNX predictor and its worker threads. */
export type SessionTask =
  | { readonly kind: 'describe' }
  | { readonly kind: 'run'; readonly feeds: readonly TensorData[]; readonly fetches: readonly string[] };

export interface SessionAnswer {
  /** Of a describe. */
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Of a run: what was fetched, in that order. */
  readonly tensors: readonly TensorData[];
}

/** An input or output of a graph. */
export interface GraphValue {
  readonly name: string;
  /** As ONNX Runtime writes it, e.g. float32. */
  readonly type: string;
  /** A name for a dimension of any size. */
  readonly shape: readonly (number | string)[];
}

export interface TensorData {
  readonly name: string;
  readonly type: string;
  /** Row by row. A bool is a byte. */
  readonly data: Elements;
  readonly dims: readonly number[];
}

export type Elements = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | string[];
