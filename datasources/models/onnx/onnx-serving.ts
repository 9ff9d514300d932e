import { extname, join } from 'node:path';
import { Piscina } from 'piscina';
import { AppError } from '../../../errors/app-error.js';
import type { Model, ModelServing, Predictor, PredictorOptions } from '../model.js';
import { OnnxPredictor } from './onnx-predictor.js';
import type { SessionAnswer, SessionTask } from './session-task.js';
import { LayoutFault, layoutTensors } from './tensor-layout.js';

/** The worker lies beside this file and is what this file is: TypeScript under a test runner, JavaScript in dist/. */
const WORKER_FILE = join(import.meta.dirname, `session-worker${extname(import.meta.filename)}`);

/** Runs ONNX files in worker threads, so that a prediction never keeps the gateway from answering. */
export class OnnxServing implements ModelServing {
  readonly runtime = 'ONNX';

  constructor(private readonly workerFile = WORKER_FILE) {}

  async open(model: Model, { parallelism }: PredictorOptions): Promise<Predictor> {
    const pool = new Piscina<SessionTask, SessionAnswer>({
      filename: this.workerFile,
      // All of them always: a thread that ends for want of work must load the model again for the next.
      minThreads: parallelism,
      maxThreads: parallelism,
      workerData: { file: model.location },
    });
    // Without a listener the death of an idle thread would end the process; the pool starts another by itself.
    pool.on('error', () => undefined);
    try {
      const graph = await pool.run({ kind: 'describe' });
      return new OnnxPredictor(
        model,
        pool,
        layoutTensors('input', model.inputs, graph.inputs),
        layoutTensors('output', model.outputs, graph.outputs),
      );
    } catch (cause) {
      await pool.destroy();
      const why =
        cause instanceof LayoutFault
          ? `does not fit its ONNX file: ${cause.message}. Correct its entry in the registry, or export it anew`
          : 'could not be loaded: its file is not an ONNX model that ONNX Runtime can run';
      throw new AppError('MODEL_UNAVAILABLE', `The model "${model.name}" ${why}.`, {}, { cause });
    }
  }
}
