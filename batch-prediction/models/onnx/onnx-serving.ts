import { extname, join } from 'node:path';
import { AppError } from '../../../errors/app-error.js';
import { toErrorMessage } from '../../../errors/error-message.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { describeFaults } from '../describe-faults.js';
import {
  ModelResponseFault,
  type ModelFault,
  type ModelServing,
  type Predictor,
  type PredictorOptions,
} from '../model-serving.js';
import { safeSentence } from '../safe-sentence.js';
import { assignTensors } from './assign-tensors.js';
import { CheckedFiles } from './checked-files.js';
import { GraphFileFault, readGraphFile, type GraphFile } from './graph-file.js';
import { layoutInput } from './input-layout.js';
import { layoutBoth, layoutEach, LayoutFault } from './layout-fault.js';
import { OnnxPredictor } from './onnx-predictor.js';
import { layoutOutput } from './output-layout.js';
import { SessionPool } from './session-pool.js';

/**
 * The worker is in the same folder and has the same extension as this file: TypeScript under a test runner, JavaScript
 * in dist/.
 */
const WORKER_FILE = join(import.meta.dirname, `session-worker${extname(import.meta.filename)}`);

const UNSUPPORTED_TYPE = /^Unsupported data type: (\d+)/;

/** Runs ONNX files in worker threads, so that a prediction never blocks the event loop of the gateway. */
export class OnnxServing implements ModelServing {
  readonly runtime = 'ONNX';
  readonly #checked = new CheckedFiles(async (model) => {
    let weights: readonly string[] = [];
    try {
      const file = await readGraphFile(model.location);
      ({ weights } = file);
      const predictor = await this.#open(model, file, 1);
      await predictor.close();
      return { faults: [], weights };
    } catch (error) {
      return {
        faults: toFaults(error),
        weights: error instanceof GraphFileFault ? [...weights, ...error.weights] : weights,
      };
    }
  });

  constructor(private readonly workerFile = WORKER_FILE) {}

  async open(model: Model, { parallelism }: PredictorOptions): Promise<Predictor> {
    try {
      return await this.#open(model, await readGraphFile(model.location), parallelism);
    } catch (cause) {
      throw new AppError('MODEL_UNAVAILABLE', describeFaults(model, toFaults(cause)), {}, { cause });
    }
  }

  /** Each start of a job calls this, so files that have not changed since its last check are not opened again. */
  async check(model: Model): Promise<readonly ModelFault[]> {
    return this.#checked.check(model);
  }

  /** A file that passed its check can predict. */
  async findHealthFault(): Promise<null> {
    return null;
  }

  async #open(model: Model, file: GraphFile, parallelism: number): Promise<OnnxPredictor> {
    const sessions = new SessionPool(this.workerFile, file, parallelism);
    try {
      const predictor = await fitTogether(model, file, sessions);
      await predictor.tryOut();
      return predictor;
    } catch (error) {
      await sessions.close();
      throw error;
    }
  }
}

/** Creates a predictor if the graph matches the model's entry. */
async function fitTogether(model: Model, file: GraphFile, sessions: SessionPool): Promise<OnnxPredictor> {
  const { classes, strange } = file;
  const graph = await sessions.load().catch((cause: unknown) => {
    if (strange.length === 0 || !UNSUPPORTED_TYPE.test(toErrorMessage(cause))) throw cause;
    throw new GraphFileFault(
      `the gateway cannot carry the ${strange.join(', the ')}; cast it to float32 in the graph`,
      { cause },
    );
  });
  const [inputs, outputs] = layoutBoth(
    () => layoutEach(assignTensors('input', model.inputs, graph.inputs), layoutInput),
    () =>
      layoutEach(assignTensors('output', model.outputs, graph.outputs), (assigned) =>
        layoutOutput(assigned, classes.get(assigned.value.name) ?? null),
      ),
  );
  return new OnnxPredictor(model, sessions, inputs, outputs);
}

function toFaults(error: unknown): ModelFault[] {
  if (error instanceof LayoutFault) return [...error.faults];
  if (error instanceof ModelResponseFault) return [{ path: error.path, message: error.message }];
  if (error instanceof GraphFileFault) return [{ path: 'onnx', message: `${error.message}.` }];
  return [{ path: 'onnx', message: inOurWords(toErrorMessage(error)) }];
}

function inOurWords(said: string): string {
  const [, type] = UNSUPPORTED_TYPE.exec(said) ?? [];
  if (type !== undefined) {
    return `an input or output of its graph has elements of a type that the gateway cannot carry (${type} in onnx.proto).`;
  }
  // ONNX Runtime's message begins with the file; the fault follows.
  const what = safeSentence(said.replace(/^Load model from .* failed:\s*/s, ''));
  return `its file is not an ONNX model that ONNX Runtime can run. It says: ${what}`;
}
