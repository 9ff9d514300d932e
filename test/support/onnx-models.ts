import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OnnxServing } from '../../batch-prediction/models/onnx/onnx-serving.js';
import type { Instance, ModelFault, PredictionOutcome } from '../../batch-prediction/models/model-serving.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { temporaryFolder } from './temporary-folder.js';
import { testModel, type ModelInput } from './test-model.js';

/** A model of the registry over a graph, in a file of its own. */
export async function modelOf(graph: Uint8Array | string, model: Partial<ModelInput> = {}): Promise<Model> {
  const file = join(temporaryFolder(), 'model.onnx');
  await writeFile(file, graph);
  return testModel({ ...model, onnx: file });
}

/** What a model gives for one batch. It is opened and closed again. */
export async function predictOnce(model: Model, instances: readonly Instance[]): Promise<readonly PredictionOutcome[]> {
  const predictor = await new OnnxServing().open(model, { parallelism: 1 });
  return predictor
    .predict({ instances, parameters: null, signal: new AbortController().signal })
    .finally(() => predictor.close());
}

/** The faults that a check of the model finds. */
export async function checkOnce(model: Model): Promise<readonly ModelFault[]> {
  return new OnnxServing().check(model);
}

/** The values of one output; a code in place of a failure. */
export function valuesOf(outcomes: readonly PredictionOutcome[], output = 'y'): unknown[] {
  return outcomes.map((outcome) => (outcome.kind === 'prediction' ? outcome.prediction[output] : outcome.code));
}
