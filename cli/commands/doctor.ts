import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import type { GoogleClientOptions } from '../../composition/google-clients.js';
import { createModelServings, diagnoseModels } from '../../composition/models.js';
import { diagnoseRegistry } from '../../composition/registry.js';
import { diagnoseStores } from '../../composition/stores.js';
import { diagnoseOnnxRuntime } from '../../batch-prediction/models/onnx/onnx-runtime-package.js';
import { printDiagnoses } from '../print-diagnoses.js';

/** Prints what is found of the registry, where Vertex AI has a part of it, of each store and of each model, as it is found. */
export async function doctor(google: GoogleClientOptions = {}): Promise<void> {
  const config = loadConfig();
  const { registry, diagnoses } = await diagnoseRegistry(registryPathOf(config), google);
  const stores = await diagnoseStores(registry, config.dataDirectory, google.vertex);
  const models = [...diagnoseOnnxRuntime(registry.models), ...diagnoseModels(registry, createModelServings())];
  await printDiagnoses([...diagnoses, ...stores, ...models]);
}
