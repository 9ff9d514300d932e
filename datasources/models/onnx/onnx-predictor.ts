import type { Piscina } from 'piscina';
import type { Model, PredictionOutcome, PredictionRequest, Predictor } from '../model.js';
import { readInputs, type Inputs } from '../read-inputs.js';
import { untilAborted } from './until-aborted.js';
import type { SessionAnswer, SessionTask } from './session-task.js';
import type { TensorLayout } from './tensor-layout.js';
import { fromTensors, tensorFault, toTensors } from './tensors.js';

/** A batch is one run of the graph; instances that cannot be its rows are left out of it and reported. */
export class OnnxPredictor implements Predictor {
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(
    private readonly model: Model,
    private readonly pool: Piscina<SessionTask, SessionAnswer>,
    private readonly inputs: readonly TensorLayout[],
    private readonly outputs: readonly TensorLayout[],
  ) {}

  async predict({ instances, signal }: PredictionRequest): Promise<readonly PredictionOutcome[]> {
    signal.throwIfAborted();
    if (this.#isClosed) throw new Error(`the predictor of model "${this.model.name}" is closed`);
    const read = instances.map((instance) => this.#read(instance));
    const rows = read.flatMap((inputs) => (inputs.kind === 'inputs' ? [inputs.values] : []));
    const predictions = rows.length === 0 ? [] : await this.#run(rows, signal);
    let next = 0;
    return read.map((inputs) =>
      inputs.kind === 'failure' ? inputs : { kind: 'prediction', prediction: predictions[next++]! },
    );
  }

  /** Waits for the batches that are running, then ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // Ending a thread inside ONNX Runtime ends the whole process (an uncaught Napi::Error), and the pool's own close()
    // does it when two batches run.
    await Promise.allSettled(this.#running);
    await this.pool.destroy();
  }

  #read(instance: PredictionRequest['instances'][number]): Inputs {
    const inputs = readInputs(this.model, instance);
    return inputs.kind === 'failure' ? inputs : (tensorFault(this.inputs, inputs.values) ?? inputs);
  }

  async #run(rows: Parameters<typeof toTensors>[1], signal: AbortSignal) {
    const task: SessionTask = {
      kind: 'run',
      feeds: toTensors(this.inputs, rows),
      fetches: this.outputs.map(({ name }) => name),
    };
    // The signal is not given to the pool, which would end the thread (see close): an aborted batch ends by itself, unread.
    const running = this.pool.run(task).finally(() => this.#running.delete(running));
    this.#running.add(running);
    const { tensors } = await untilAborted(running, signal);
    return fromTensors(this.outputs, tensors, rows.length);
  }
}
