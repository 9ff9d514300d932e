import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGatewayProcess, type GatewayProcess } from '../gateway-process.js';
import { writtenShop } from '../written-shop.js';
import { startBigQuery } from './bigquery-store.js';
import { createTable, startBigtableEmulator, type BigtableEmulator } from './bigtable-emulator.js';

/** Gateways in processes of their own over the Bigtable emulator and the BigQuery server of this process. */
export interface GoogleGateways {
  readonly emulator: BigtableEmulator;
  /** Starts one with its own data folder; the same number has the same folder. */
  readonly serve: (number: number) => Promise<GatewayProcess>;
  close(): Promise<void>;
}

/** The registry is `writtenShop` with the feature `count`. */
export async function openGoogleGateways(): Promise<GoogleGateways> {
  const opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const emulator = await startBigtableEmulator();
  opened.defer(() => emulator.stop());
  const bigQuery = await startBigQuery();
  opened.defer(() => bigQuery.stop());
  const { table } = await createTable(emulator.endpoint);
  const stores = `
    onlineStore: { kind: BIGTABLE, project: test-project, instance: test-instance, table: ${table}, columnFamily: f, readDeadlineMs: 10000 }
    offlineStore: { kind: BIGQUERY, project: test-project, dataset: features, location: EU }`;
  const registry = join(folder, 'registry.yaml');
  const shop = writtenShop('orders', '{ name: count, valueType: INT64 }');
  writeFileSync(registry, shop.replace('- name: shop', `- name: shop${stores}`));
  return {
    emulator,
    serve: (number) =>
      startGatewayProcess(
        {
          FEATUREGRAPH_REGISTRY: registry,
          FEATUREGRAPH_DATA_DIR: join(folder, `data-${number}`),
          BIGTABLE_EMULATOR_HOST: emulator.endpoint,
          METADATA_SERVER_DETECTION: 'none',
          NODE_COMPILE_CACHE: join(folder, 'compiled'),
        },
        // No port of Vertex AI and no Cloud Storage: nothing here asks them.
        { command: [join(import.meta.dirname, '../../faults/vertex-gateway-process.ts'), '1', '', bigQuery.endpoint] },
      ),
    close: () => opened.disposeAsync(),
  };
}
