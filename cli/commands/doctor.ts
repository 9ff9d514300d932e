import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import type { GoogleClientOptions } from '../../composition/google-clients.js';
import { diagnoseAuthentication } from '../../composition/diagnose-authentication.js';
import { diagnoseFreshness } from '../../composition/diagnose-freshness.js';
import { createModelServings, diagnoseModels } from '../../composition/models.js';
import { diagnoseRegistry } from '../../composition/registry.js';
import { diagnoseSeveralGateways } from '../../composition/several-gateways.js';
import { diagnoseStores } from '../../composition/stores.js';
import { diagnoseOnnxRuntime } from '../../batch-prediction/models/onnx/onnx-runtime-package.js';
import { systemClock } from '../../values/clock.js';
import { askSources } from '../ask-sources.js';
import { DEFAULT_URL, GatewayClient } from '../gateway-client.js';
import { printDiagnoses } from '../print-diagnoses.js';

/**
 * Prints findings as they arrive: of the registry, of its parts in Vertex AI, of each store, of the sources that are behind
 * their files, of each model, and of the authentication file. `url` is a running gateway, which has the data folder for
 * itself. Exit code 1 when there is a fault, so that a deployment can stop.
 */
export async function doctor(google: GoogleClientOptions = {}, url?: string, token?: string): Promise<void> {
  const config = loadConfig();
  const { registry, diagnoses } = await diagnoseRegistry(registryPathOf(config), google);
  const stores = await diagnoseStores(registry, config.dataDirectory, google.vertex);
  const { sharedJobs } = config;
  const shared = sharedJobs
    ? [{ store: 'several gateways', findings: diagnoseSeveralGateways(registry, sharedJobs.table) }]
    : [];
  const models = [...diagnoseOnnxRuntime(registry.models), ...diagnoseModels(registry, createModelServings())];
  const address = url ?? `http://localhost:${config.port}/graphql`;
  const gateway = new GatewayClient(address, token ?? config.token);
  const sources = diagnoseFreshness(registry, config.dataDirectory, {
    ask: () => askSources(gateway),
    options: address === DEFAULT_URL ? '' : `--url ${address}`,
  });
  const authentication = diagnoseAuthentication(config, systemClock);
  await printDiagnoses([...diagnoses, ...stores, ...shared, ...sources, ...models, authentication]);
}
