import type { Instance, Prediction, PredictionOutcome, PredictionRequest, Predictor } from '../model-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { readInputs, type Inputs } from '../read-inputs.js';
import type { SessionPool } from './session-pool.js';
import type { TensorLayout } from './tensor-layout.js';
import { fromTensors, tensorFault, toTensors, type Row } from './tensors.js';
import { raceAbort } from '../../../runtime/race-abort.js';

/** A batch is one run of the graph; instances that cannot be its rows are left out of it and reported. */
export class OnnxPredictor implements Predictor {
  constructor(
    private readonly model: Model,
    private readonly sessions: SessionPool,
    private readonly inputs: readonly TensorLayout[],
    private readonly outputs: readonly TensorLayout[],
  ) {}

  async predict({ instances, signal }: PredictionRequest): Promise<readonly PredictionOutcome[]> {
    signal.throwIfAborted();
    const read = instances.map((instance) => this.#read(instance));
    const rows = read.flatMap((inputs) => (inputs.kind === 'inputs' ? [inputs.values] : []));
    const predictions = rows.length === 0 ? [] : await this.#run(rows, signal);
    let next = 0;
    return read.map((inputs) =>
      inputs.kind === 'failure' ? inputs : { kind: 'prediction', prediction: predictions[next++]! },
    );
  }

  /** Waits for the batches that are running, also those that were aborted. */
  async close(): Promise<void> {
    await this.sessions.close();
  }

  #read(instance: Instance): Inputs {
    const inputs = readInputs(this.model, instance);
    return inputs.kind === 'failure' ? inputs : (tensorFault(this.inputs, inputs.values) ?? inputs);
  }

  async #run(rows: readonly Row[], signal: AbortSignal): Promise<Prediction[]> {
    const running = this.sessions.run({
      kind: 'run',
      feeds: toTensors(this.inputs, rows),
      fetches: this.outputs.map(({ name }) => name),
    });
    const { tensors } = await raceAbort(signal, running);
    return fromTensors(this.outputs, tensors, rows.length);
  }
}
