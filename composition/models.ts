import { describeFault } from '../batch-prediction/models/describe-faults.js';
import { HttpServing } from '../batch-prediction/models/http/http-serving.js';
import type { ModelFault, ModelServing } from '../batch-prediction/models/model-serving.js';
import { OnnxServing } from '../batch-prediction/models/onnx/onnx-serving.js';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import type { Model, ModelRuntime } from '../datasources/registry/prediction-model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { Logger } from '../observability/logger.js';

export type ModelServings = ReadonlyMap<ModelRuntime, ModelServing>;

/** The runtimes of models on this machine and of HTTP servers. Vertex AI runs its own models. */
export function createModelServings(): ModelServings {
  return new Map<ModelRuntime, ModelServing>([
    ['ONNX', new OnnxServing()],
    ['HTTP', new HttpServing()],
  ]);
}

/**
 * Opens each model and logs mismatches, so that an operator need not learn of them from a failed job. The gateway
 * starts in any case: it serves features without models, and refuses a job for such a model.
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

/** For doctor: opens each model and checks that each server responds. */
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
  // A job waits for a server, and the registry is valid without it.
  if (unhealthy !== null) yield { status: 'warning', message: `models[${index}]: ${unhealthy}` };
  else yield { status: 'ok', message: `${model.name} can predict what its entry says` };
}

function registryPath(index: number, { path }: ModelFault): string {
  return path === '' ? `models[${index}]` : `models[${index}].${path}`;
}
