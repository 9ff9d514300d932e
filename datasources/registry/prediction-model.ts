import type { RawValue, ValueType } from '../../values/value-type.js';

/**
 * The runtime of a model: an ONNX file in this process, an HTTP server with Vertex AI's container contract, or Vertex
 * AI.
 */
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
  /** The location for its runtime: a file, a URL or a resource name. Clients never see it. */
  readonly location: string;
  /** The protocol settings of its server; HTTP models only. */
  readonly http?: HttpSettings;
  /** How jobs run on Vertex AI; Vertex AI models only. Absent: with machines of the request and nothing else. */
  readonly vertex?: VertexModelSettings;
  /** The required fields of an instance. ONNX ignores other columns of an input; HTTP forwards them. */
  readonly inputs: readonly ModelField[];
  readonly outputs: readonly ModelField[];
}

/** Settings that the operator chooses for every job of a model on Vertex AI: clients must not choose accounts and keys. */
export interface VertexModelSettings {
  /** Whether a job names its machines. AUTOMATIC: Vertex AI chooses them, as for AutoML and publisher models. */
  readonly machines: 'DEDICATED' | 'AUTOMATIC';
  /** The account of the model's container; null: that of Vertex AI. */
  readonly serviceAccount: string | null;
  /** The key that encrypts the job's resources, as a resource name of Cloud KMS; null: Google's. */
  readonly kmsKey: string | null;
  readonly disableContainerLogging: boolean;
  /** null: as Vertex AI does by default. */
  readonly reservation: VertexReservation | null;
  /** How explanations are computed; null: as the model itself says. */
  readonly explanation: VertexExplanation | null;
  /** A container that is not in the model registry; null: the location names a model. */
  readonly container: VertexContainer | null;
}

export type VertexReservation =
  | { readonly kind: 'NONE' | 'ANY' }
  /** Resource names of reservations of Compute Engine. */
  | { readonly kind: 'SPECIFIC'; readonly reservations: readonly string[] };

export interface VertexExplanation {
  readonly method: 'SAMPLED_SHAPLEY' | 'INTEGRATED_GRADIENTS' | 'XRAI';
  /** The number of paths or steps: more are more exact and take longer. */
  readonly count: number;
  /** Explains only so many outputs, those with the highest values; null: all. */
  readonly topK: number | null;
}

export interface VertexContainer {
  readonly image: string;
  /** A gs:// folder with the model's files; null: the image has them. */
  readonly artifacts: string | null;
  readonly predictRoute: string;
  readonly healthRoute: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface HttpSettings {
  /** Answers GET with 200 when the server can predict; null: any answer is enough. */
  readonly healthUrl: string | null;
  /** The timeout of a batch in milliseconds. */
  readonly deadlineMs: number;
  /** Whether the server gets an instance as an object of all columns, or as the ordered list of the model's inputs. */
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
  /** Of an input: the model supports missing values. It gets NaN (ONNX, only DOUBLE) or null (HTTP). */
  readonly nullable?: boolean;
  /**
   * Of an input: the value that replaces a missing one. Without it, an instance with a missing non-nullable input
   * fails.
   */
  readonly default?: RawValue;
  /** Of an ONNX model: the tensor with this field. Absent: the tensor with the same name, or the only one. */
  readonly tensor?: string;
  /** Of an output of an ONNX classifier: the class, as text, whose probability this output is. */
  readonly class?: string;
  /** Its index in the model's entry of the registry, for messages; absent: its index among the inputs or outputs. */
  readonly path?: string;
}
