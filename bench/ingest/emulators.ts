import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer } from 'vite';
import { startGateway } from '../start-gateway.js';
import { measureDelays, type DelayLoads } from './delays.js';
import { makeWriteFolder } from './rows.js';

/** Few rows: the BigQuery server evaluates SQL as the specification says it, and not fast. */
const DELAYS: DelayLoads = { loads: [0, 20], events: 60 };

const PROJECT = 'test-project';

interface Emulators {
  readonly bigtable: {
    startBigtableEmulator: () => Promise<{ readonly endpoint: string; readonly stop: () => Promise<void> }>;
    createTable: (endpoint: string) => Promise<{ readonly instance: string; readonly table: string }>;
  };
  readonly bigQuery: {
    startBigQuery: () => Promise<{ readonly endpoint: string; readonly stop: () => Promise<void> }>;
    readonly DATASET: string;
  };
}

/**
 * The delays of a gateway with Bigtable and BigQuery: the Bigtable emulator, and the BigQuery server of the tests, which
 * runs in this process with the real GoogleSQL. Both are on this machine, so this measures the gateway and its calls, and
 * not Google's network or storage.
 */
export async function measureEmulators(): Promise<void> {
  // The servers are TypeScript of the tests, which no build has.
  const modules = await createServer({
    root: join(import.meta.dirname, '../../..'),
    configFile: false,
    logLevel: 'warn',
    appType: 'custom',
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { middlewareMode: true, hmr: false, watch: null },
  });
  try {
    await measureWith({
      bigtable: (await modules.ssrLoadModule('/test/support/google/bigtable-emulator.ts')) as Emulators['bigtable'],
      bigQuery: (await modules.ssrLoadModule('/test/support/google/bigquery-store.ts')) as Emulators['bigQuery'],
    });
  } finally {
    await modules.close();
  }
}

async function measureWith({ bigtable, bigQuery }: Emulators): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const online = await bigtable.startBigtableEmulator();
  opened.defer(() => online.stop());
  const offline = await bigQuery.startBigQuery();
  opened.defer(() => offline.stop());
  const { instance, table } = await bigtable.createTable(online.endpoint);
  const folder = await makeWriteFolder([
    `onlineStore: { kind: BIGTABLE, project: ${PROJECT}, instance: ${instance}, table: ${table}, columnFamily: f }`,
    `offlineStore: { kind: BIGQUERY, project: ${PROJECT}, dataset: ${bigQuery.DATASET}, location: EU }`,
  ]);
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const { child, url } = await startGateway(folder, {
    BIGTABLE_EMULATOR_HOST: online.endpoint,
    BIGQUERY_EMULATOR_HOST: offline.endpoint,
  });
  opened.defer(() => void child.kill('SIGKILL'));
  await measureDelays({ url }, folder, DELAYS);
}
