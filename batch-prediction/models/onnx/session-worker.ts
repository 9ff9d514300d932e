import { workerData } from 'node:worker_threads';
import { InferenceSession, Tensor, type TypedTensor } from 'onnxruntime-node';
import type { GraphValue, SessionAnswer, SessionSource, SessionTask, TensorData } from './session-task.ts';

/**
 * What runs in a worker thread: one session of one model. This file is started as it is, compiled or as a source (Node
 * strips its types), so nothing but packages and types is imported.
 */
const { model } = workerData as SessionSource;
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
  return typeof model === 'string' ? InferenceSession.create(model, OPTIONS) : InferenceSession.create(model, OPTIONS);
}

function describe(metadata: InferenceSession.ValueMetadata): GraphValue {
  return metadata.isTensor
    ? { name: metadata.name, type: metadata.type, shape: [...metadata.shape] }
    : { name: metadata.name, type: null, shape: [] };
}

function toTensor({ type, data, dims }: TensorData): Tensor {
  if (!(data instanceof Float16Array)) return new Tensor(type as 'float32', data as Float32Array, [...dims]);
  // The binding takes a Float16Array for an array of no bytes (microsoft/onnxruntime#32323), and the constructor makes one
  // of the bits that the binding does read. So the bits are given the type afterwards.
  const bits = new Uint16Array(data.buffer, data.byteOffset, data.length);
  return Object.defineProperty(new Tensor('uint16', bits, [...dims]), 'type', { value: type });
}

function fromTensor(name: string, tensor: Tensor): TensorData {
  const { type, data, dims } = tensor as TypedTensor<'float32'>;
  return { name, type, data, dims: [...dims] };
}
