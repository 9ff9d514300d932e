import { workerData } from 'node:worker_threads';
import { InferenceSession, Tensor, type TypedTensor } from 'onnxruntime-node';
import type { GraphValue, SessionAnswer, SessionSource, SessionTask, TensorData } from './session-task.ts';

/**
 * The code of a worker thread: one session of one model. Node runs this file as it is, compiled or as a source (Node
 * strips its types), so it imports only packages and types.
 */
const { model, folder } = workerData as SessionSource;
let opening: Promise<InferenceSession> | undefined;

/**
 * The pool allocates the threads. Additional threads inside a session would only compete for the cores. ONNX Runtime
 * writes warnings to standard error by default, where they mix with the lines of the log. The log level also suppresses
 * errors, because they are thrown as well.
 */
const OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 4,
} as const;

export default async function run(task: SessionTask): Promise<SessionAnswer> {
  const session = await (opening ??= open());
  if (task.kind === 'describe') {
    return { inputs: session.inputMetadata.map(describe), outputs: session.outputMetadata.map(describe), runs: [] };
  }
  const runs: TensorData[][] = [];
  for (const feeds of task.runs) {
    const tensors = Object.fromEntries(feeds.map((tensor) => [tensor.name, toTensor(tensor)]));
    const results = await session.run(tensors, [...task.fetches]);
    runs.push(task.fetches.map((name) => fromTensor(name, results[name]!)));
  }
  return { inputs: [], outputs: [], runs };
}

function open(): Promise<InferenceSession> {
  if (typeof model === 'string') return InferenceSession.create(model, OPTIONS);
  const extra = { session: { model_external_initializers_file_folder_path: folder } };
  return InferenceSession.create(model, { ...OPTIONS, extra });
}

function describe(metadata: InferenceSession.ValueMetadata): GraphValue {
  return metadata.isTensor
    ? { name: metadata.name, type: metadata.type, shape: [...metadata.shape] }
    : { name: metadata.name, type: null, shape: [] };
}

function toTensor({ type, data, dims }: TensorData): Tensor {
  if (!(data instanceof Float16Array)) return new Tensor(type as 'float32', data as Float32Array, [...dims]);
  // The binding reads a Float16Array as an array of no bytes (microsoft/onnxruntime#32323), and the constructor of
  // Tensor converts the bits, which the binding can read, to a Float16Array. So the tensor is made as uint16, and its
  // type is set afterwards.
  const bits = new Uint16Array(data.buffer, data.byteOffset, data.length);
  return Object.defineProperty(new Tensor('uint16', bits, [...dims]), 'type', { value: type });
}

function fromTensor(name: string, tensor: Tensor): TensorData {
  const { type, data, dims } = tensor as TypedTensor<'float32'>;
  return { name, type, data, dims: [...dims] };
}
