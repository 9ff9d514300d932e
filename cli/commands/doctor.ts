import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import type { GoogleClientOptions } from '../../composition/google-clients.js';
import { createModelServings, diagnoseModels } from '../../composition/models.js';
import { diagnoseRegistry } from '../../composition/registry.js';
import { diagnoseStores } from '../../composition/stores.js';
import { diagnoseOnnxRuntime } from '../../batch-prediction/models/onnx/onnx-runtime-package.js';

/**
 * Prints what is found of the registry, where Vertex AI has a part of it, of each store and of each model, as it is found. Exit
 * code 1 when there is a fault, so that a deployment can stop on it.
 */
export async function doctor(google: GoogleClientOptions = {}): Promise<void> {
  const config = loadConfig();
  const { registry, diagnoses } = await diagnoseRegistry(registryPathOf(config), google);
  const stores = await diagnoseStores(registry, config.dataDirectory, google.vertex);
  const models = [...diagnoseOnnxRuntime(registry.models), ...diagnoseModels(registry, createModelServings())];
  let faults = 0;
  for (const { store, findings } of [...diagnoses, ...stores, ...models]) {
    print(store);
    for await (const { status, message: what, remedy: todo } of findings) {
      if (status === 'fault') faults += 1;
      print(`  ${status.padEnd(8)} ${what}`);
      if (todo !== undefined) print(`           -> ${todo}`);
    }
  }
  print(faults === 0 ? 'No faults.' : `${faults} fault${faults === 1 ? '' : 's'}.`);
  if (faults > 0) process.exitCode = 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
