import type { Model } from '../../../datasources/registry/prediction-model.js';
import { raceAbort } from '../../../runtime/race-abort.js';
import { splitEvenly } from '../../../values/split-evenly.js';
import { readInputs } from '../read-inputs.js';
import {
  ModelResponseFault,
  type ColumnBatch,
  type ColumnPredictions,
  type ColumnPredictor,
  type Instance,
  type PredictionFailure,
  type PredictionOutcome,
  type PredictionRequest,
  type Predictor,
} from '../model-serving.js';
import { canDecodeColumns, decodeColumns } from './decode-columns.js';
import { decodeOutputs } from './decode-outputs.js';
import { canEncodeColumns, encodeColumns, selectRows, splitRuns } from './encode-columns.js';
import { encodeInstance, groupRuns, toTensors, type EncodedInstance } from './encode-instances.js';
import type { InputLayout } from './input-layout.js';
import type { OutputLayout } from './output-layout.js';
import type { SessionPool } from './session-pool.js';
import { trialRow } from './trial-row.js';

/**
 * A batch is one task of a thread. The task runs the graph once, or several times if the graph's tensors cannot hold
 * the whole batch.
 */
export class OnnxPredictor implements Predictor {
  /**
   * Whether instances can be rows of one run. A graph with an internal batch size of one does not declare it, so the
   * trial run finds out.
   */
  #runsTogether = true;

  constructor(
    private readonly model: Model,
    private readonly sessions: SessionPool,
    private readonly inputs: readonly InputLayout[],
    private readonly outputs: readonly OutputLayout[],
  ) {}

  /**
   * Predicts for generated instances, because the shapes that a graph declares for its outputs are only hints. Throws a
   * ModelResponseFault if its outputs do not match the registry. A graph that rejects generated values proves nothing,
   * so that is no fault.
   */
  async tryOut(): Promise<void> {
    const row = encodeInstance(this.inputs, trialRow(this.model, this.inputs));
    if (row.kind === 'failure') return;
    const isDone = await this.#run([row, row]).then(
      () => true,
      () => false,
    );
    if (isDone) return;
    try {
      await this.#run([row]);
      this.#runsTogether = false;
    } catch (error) {
      if (error instanceof ModelResponseFault) throw error;
    }
  }

  async predict({ instances, signal }: PredictionRequest): Promise<readonly PredictionOutcome[]> {
    signal.throwIfAborted();
    const encoded = instances.map((instance) => this.#encode(instance));
    const sound = encoded.filter((one) => one.kind === 'encoded');
    const outcomes = sound.length === 0 ? [] : await raceAbort(signal, this.#run(sound));
    let next = 0;
    return encoded.map((one) => (one.kind === 'failure' ? one : outcomes[next++]!));
  }

  /** For graphs whose batches are one run, with one value for each output. */
  get columns(): ColumnPredictor | undefined {
    const isTogether = this.#runsTogether && canEncodeColumns(this.inputs) && canDecodeColumns(this.outputs);
    return isTogether ? { predict: (batch, signal) => this.#predictColumns(batch, signal) } : undefined;
  }

  async #predictColumns(batch: ColumnBatch, signal: AbortSignal): Promise<ColumnPredictions> {
    signal.throwIfAborted();
    const kept = Uint8Array.from(batch.sound);
    const all = encodeColumns(this.inputs, batch, kept);
    const count = kept.reduce((sum, one) => sum + one, 0);
    if (count === 0) return { predicted: kept, outputs: [] };
    const tensors = count === batch.rows ? all : selectRows(all, kept, count);
    const fetches = this.outputs.map(({ name }) => name);
    const counts = splitEvenly(count, batch.rowsPerRun);
    const { runs } = await raceAbort(
      signal,
      this.sessions.run({ kind: 'run', runs: splitRuns(tensors, counts), fetches }),
    );
    return decodeColumns(
      this.outputs,
      runs.map((answers, run) => ({ tensors: answers, count: counts[run]! })),
      kept,
    );
  }

  /** Waits for the running batches, including the aborted ones. */
  async close(): Promise<void> {
    await this.sessions.close();
  }

  #encode(instance: Instance): EncodedInstance | PredictionFailure {
    const read = readInputs(this.model, instance);
    return read.kind === 'failure' ? read : encodeInstance(this.inputs, read.values);
  }

  async #run(instances: readonly EncodedInstance[]): Promise<PredictionOutcome[]> {
    const groups = this.#runsTogether ? groupRuns(this.inputs, instances) : instances.map((_, index) => [index]);
    const runs = groups.map((group) =>
      toTensors(
        this.inputs,
        group.map((index) => instances[index]!),
      ),
    );
    const { runs: answers } = await this.sessions.run({
      kind: 'run',
      runs,
      fetches: this.outputs.map(({ name }) => name),
    });
    const outcomes: PredictionOutcome[] = [];
    for (const [run, group] of groups.entries()) {
      const decoded = decodeOutputs(this.outputs, answers[run]!, group.length);
      for (const [place, index] of group.entries()) outcomes[index] = decoded[place]!;
    }
    return outcomes;
  }
}
