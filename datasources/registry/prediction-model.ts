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
  /** Whether the server gets an instance as an object of all columns, or as the list of the model's inputs in order. */
  readonly instances: InstanceFormat;
}

/** Vertex AI calls it the instance type. */
export const INSTANCE_FORMATS = ['OBJECT', 'ARRAY'] as const;
export type InstanceFormat = (typeof INSTANCE_FORMATS)[number];

export interface ModelField {
  readonly name: string;
  readonly valueType: ValueType;
  readonly unit: string | null;
  readonly description: string | null;
  /** Of an input: the model knows what a missing value means. It gets NaN (ONNX, only DOUBLE) or null (HTTP). */
  readonly nullable?: boolean;
  /** Of an input: what the model gets instead of a missing value. Without it, and not nullable, the instance fails. */
  readonly default?: RawValue;
  /** Of an ONNX model: the tensor of the graph that it is in. Absent: the one of its own name, or the only one. */
  readonly tensor?: string;
  /** Of an output of an ONNX classifier: the class whose probability it is, as text. */
  readonly class?: string;
  /** Its place in the model's entry of the registry, for messages; absent: its place among the inputs or outputs. */
  readonly path?: string;
}
