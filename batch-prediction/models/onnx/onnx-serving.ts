import { extname, join } from 'node:path';
import { AppError } from '../../../errors/app-error.js';
import type { ModelServing, Predictor, PredictorOptions } from '../model-serving.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { OnnxPredictor } from './onnx-predictor.js';
import { SessionPool } from './session-pool.js';
import { LayoutFault, layoutTensors } from './tensor-layout.js';

/** The worker lies beside this file and is what this file is: TypeScript under a test runner, JavaScript in dist/. */
const WORKER_FILE = join(import.meta.dirname, `session-worker${extname(import.meta.filename)}`);

/** Runs ONNX files in worker threads, so that a prediction never keeps the gateway from answering. */
export class OnnxServing implements ModelServing {
  readonly runtime = 'ONNX';

  constructor(private readonly workerFile = WORKER_FILE) {}

  async open(model: Model, { parallelism }: PredictorOptions): Promise<Predictor> {
    const sessions = new SessionPool(this.workerFile, model.location, parallelism);
    try {
      const graph = await sessions.load();
      return new OnnxPredictor(
        model,
        sessions,
        layoutTensors('input', model.inputs, graph.inputs),
        layoutTensors('output', model.outputs, graph.outputs),
      );
    } catch (cause) {
      await sessions.close();
      const why =
        cause instanceof LayoutFault
          ? `does not fit its ONNX file: ${cause.message}. Correct its entry in the registry, or export it anew`
          : 'could not be loaded: its file is not an ONNX model that ONNX Runtime can run';
      throw new AppError('MODEL_UNAVAILABLE', `The model "${model.name}" ${why}.`, {}, { cause });
    }
  }
}
