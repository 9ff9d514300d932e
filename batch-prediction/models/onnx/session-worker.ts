import { workerData } from 'node:worker_threads';
import { InferenceSession, Tensor, type TypedTensor } from 'onnxruntime-node';
import type { GraphValue, SessionTask, SessionAnswer, TensorData } from './session-task.ts';

/**
 * What runs in a worker thread: one session of one model. This file is started as it is, compiled or as a source (Node
 * strips its types), so nothing but packages and types is imported.
 */
const { file } = workerData as { readonly file: string };
let opening: Promise<InferenceSession> | undefined;

/**
 * Threads are given out by the pool: more of them inside a session would only fight over the cores. Warnings go to standard
 * error unasked, between the lines of the log; errors are thrown as well.
 */
const OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 4,
} as const;

export default async function run(task: SessionTask): Promise<SessionAnswer> {
  const session = await (opening ??= InferenceSession.create(file, OPTIONS));
  if (task.kind === 'describe') {
    return { inputs: session.inputMetadata.map(describe), outputs: session.outputMetadata.map(describe), tensors: [] };
  }
  const feeds = Object.fromEntries(task.feeds.map((tensor) => [tensor.name, toTensor(tensor)]));
  const results = await session.run(feeds, [...task.fetches]);
  return { inputs: [], outputs: [], tensors: task.fetches.map((name) => fromTensor(name, results[name]!)) };
}

function describe(metadata: InferenceSession.ValueMetadata): GraphValue {
  return metadata.isTensor
    ? { name: metadata.name, type: metadata.type, shape: [...metadata.shape] }
    : { name: metadata.name, type: 'no tensor', shape: [] };
}

function toTensor({ type, data, dims }: TensorData): Tensor {
  return new Tensor(type as 'float32', data as Float32Array, [...dims]);
}

function fromTensor(name: string, tensor: Tensor): TensorData {
  const { type, data, dims } = tensor as TypedTensor<'float32'>;
  return { name, type, data, dims: [...dims] };
}
