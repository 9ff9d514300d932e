import { describeFault } from '../batch-prediction/models/describe-faults.js';
import { HttpServing } from '../batch-prediction/models/http/http-serving.js';
import type { ModelFault, ModelServing } from '../batch-prediction/models/model-serving.js';
import { OnnxServing } from '../batch-prediction/models/onnx/onnx-serving.js';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import type { Model, ModelRuntime } from '../datasources/registry/prediction-model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { Logger } from '../observability/logger.js';

export type ModelServings = ReadonlyMap<ModelRuntime, ModelServing>;

/** What runs models on this machine, or asks servers. Vertex AI runs its own. */
export function createModelServings(): ModelServings {
  return new Map<ModelRuntime, ModelServing>([
    ['ONNX', new OnnxServing()],
    ['HTTP', new HttpServing()],
  ]);
}

/**
 * Opens each model and logs what does not fit, so that nobody learns it from a job that fails. The gateway starts all the same:
 * features are served without models, and a job for such a model is refused.
 */
export async function logModelFaults({ models }: Registry, servings: ModelServings, logger: Logger): Promise<void> {
  for (const [index, model] of models.entries()) {
    for (const fault of (await servings.get(model.runtime)?.check(model)) ?? []) {
      logger.error(
        { model: model.name, path: registryPath(index, fault), fault: fault.message },
        'a model cannot be used: jobs for it are refused',
      );
    }
  }
}

/** For doctor: each model is opened, and each server asked whether it is there. */
export function diagnoseModels({ models }: Registry, servings: ModelServings): Diagnosis[] {
  return models.flatMap((model, index) => {
    const serving = servings.get(model.runtime);
    return serving ? [{ store: `model ${model.name}`, findings: findingsOf(model, index, serving) }] : [];
  });
}

async function* findingsOf(model: Model, index: number, serving: ModelServing): AsyncGenerator<Finding> {
  const faults = await serving.check(model);
  for (const fault of faults) {
    yield {
      status: 'fault',
      message: describeFault({ ...fault, path: registryPath(index, fault) }),
      remedy: 'Correct the entry in the registry, or export the model anew; docs/models.md says what is read.',
    };
  }
  if (faults.length > 0) return;
  const unhealthy = await serving.findHealthFault(model);
  // A job waits for a server, and the registry is right without it.
  if (unhealthy !== null) yield { status: 'warning', message: `models[${index}]: ${unhealthy}` };
  else yield { status: 'ok', message: `${model.name} can predict what its entry says` };
}

function registryPath(index: number, { path }: ModelFault): string {
  return path === '' ? `models[${index}]` : `models[${index}].${path}`;
}
