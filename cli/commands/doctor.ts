import { clientUrl } from '../../config/client-url.js';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import type { GoogleClientOptions } from '../../composition/google-clients.js';
import { diagnoseAuthentication } from '../../composition/diagnose-authentication.js';
import { diagnoseFreshness } from '../../composition/diagnose-freshness.js';
import { createModelServings, diagnoseModels } from '../../composition/models.js';
import { diagnoseRegistry } from '../../composition/registry.js';
import { redactReport } from '../../composition/redact-report.js';
import { diagnoseSeveralGateways } from '../../composition/several-gateways.js';
import { outputDataset } from '../../composition/open-output-tables.js';
import { sharedFolder } from '../../composition/open-shared-files.js';
import { diagnoseStores, probeStores } from '../../composition/stores.js';
import { diagnoseOutputDataset } from '../../datasources/output-tables/bigquery/diagnose-output-dataset.js';
import { readRelease } from '../../config/release.js';
import { systemClock } from '../../values/clock.js';
import { formatInstant } from '../../values/instant.js';
import { diagnoseOnnxRuntime } from '../../batch-prediction/models/onnx/onnx-runtime-package.js';
import { askSources } from '../ask-sources.js';
import { GatewayClient } from '../gateway-client.js';
import { printDiagnoses } from '../print-diagnoses.js';

/**
 * Prints findings as they arrive: of the registry, of its parts in Vertex AI, of each store, of the sources that are
 * behind their files, of each model, and of the authentication file. `url` is a running gateway, which has the data
 * folder for itself.
 * `isDeep` also uses each store as the gateway does, and prints a report without names of resources. Exit code 1 when
 * there is a fault, so that a deployment can stop.
 */
export async function doctor(
  google: GoogleClientOptions = {},
  url?: string,
  token?: string,
  { isDeep = false }: { readonly isDeep?: boolean } = {},
): Promise<void> {
  const config = loadConfig();
  const { registry, diagnoses } = await diagnoseRegistry(registryPathOf(config), google);
  const stores = await diagnoseStores(registry, config.dataDirectory, google.vertex);
  const { sharedJobs } = config;
  const shared = sharedJobs
    ? [
        {
          store: 'several gateways',
          findings: diagnoseSeveralGateways(registry, sharedJobs.table, sharedFolder(config, google)),
        },
      ]
    : [];
  const dataset = outputDataset(config, google);
  const outputs = dataset ? [{ store: 'outputs', findings: diagnoseOutputDataset(dataset, Date.now) }] : [];
  const models = [...diagnoseOnnxRuntime(registry.models), ...diagnoseModels(registry, createModelServings())];
  const address = url ?? clientUrl();
  const gateway = new GatewayClient(address, token ?? config.token);
  const sources = diagnoseFreshness(registry, config.dataDirectory, {
    ask: () => askSources(gateway),
    options: address === clientUrl() ? '' : `--url ${address}`,
  });
  const authentication = diagnoseAuthentication(config, systemClock);
  const all = [...diagnoses, ...stores, ...shared, ...outputs, ...sources, ...models, authentication];
  if (!isDeep) return printDiagnoses(all);
  process.stdout.write(reportHeader());
  await printDiagnoses(
    [...all, ...(await probeStores(registry, config.dataDirectory, google))],
    redactReport(registry, sharedJobs, config.outputDataset),
  );
}

/** What a reader of the report has to know of the machine; the findings have no secrets. */
function reportHeader(): string {
  const { version, dependencies } = readRelease();
  const clients = ['aiplatform', 'bigquery', 'bigtable', 'storage'].map((name) => {
    const client = `@google-cloud/${name}`;
    return `${client} ${dependencies[client]}`;
  });
  return [
    `featuregraph doctor --deep, ${formatInstant(systemClock())}`,
    `featuregraph ${version}, Node.js ${process.version}, ${process.platform} ${process.arch}`,
    clients.join(', '),
    'Names of projects, instances, datasets, tables and buckets are replaced. Attach this report to an issue.',
    '',
    '',
  ].join('\n');
}
