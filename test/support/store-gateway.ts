import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { openStores, type OpenStores } from '../../composition/stores.js';
import { DataFiles } from '../../datasources/files/data-files.js';
import { LocalMadeTrainingSets } from '../../training-sets/local-made-training-sets.js';
import { LocalTrainingSets } from '../../training-sets/local-training-sets.js';
import { TrainingSetHandler } from '../../training-sets/training-set-handler.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import { erasingServedReads } from '../../composition/erasing-served-reads.js';
import type { Policy } from '../../auth/policy/policy.js';
import { openServedLog } from '../../composition/open-served-log.js';
import type { ServedLogConfig } from '../../config/served-log-config.js';
import { createLogger } from '../../observability/logger.js';
import type { ServedLog } from '../../serving/served-log/served-log.js';
import { createShadowMetrics } from '../../observability/shadow-metrics.js';
import type { Clock } from '../../values/clock.js';
import { startTestGateway, type TestGateway } from './test-gateway.js';

export interface StoreGateway extends TestGateway {
  readonly stores: OpenStores;
  /** Where clients' files are. */
  readonly files: string;
  /** null unless the test configures one. */
  readonly servedLog: ServedLog | null;
  readonly servedLogFolder: string;
}

export interface StoreGatewayOptions {
  readonly servedLog?: Partial<ServedLogConfig>;
  readonly policy?: Policy;
  /** The secret of all webhooks of monitors. Absent: no variable is set. */
  readonly monitorSecret?: string;
}

const NO_SERVED_LOG: ServedLogConfig = {
  sampleRate: 0,
  retentionHours: 24,
  maxBytes: 1_048_576,
  maxRows: 100,
  hasPersonal: false,
};

/**
 * A gateway over the stores that its registry names, opened as the real one opens them; some can be others, which the
 * test closes. Its "now" is the test's.
 */
export async function startStoreGateway(
  registry: Registry,
  others: Partial<OpenStores> = {},
  clock: Clock = () => 1_000_000_000_000_000n,
  more: StoreGatewayOptions = {},
): Promise<StoreGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-test-'));
  const opened = await openStores(registry, folder, { shadowReport: createShadowMetrics(new Metrics()), clock });
  const stores = { ...opened, ...others };
  const servedLog = await openServedLog(
    { dataDirectory: folder, servedLog: { ...NO_SERVED_LOG, ...more.servedLog } },
    createLogger('silent'),
    clock,
  );
  const writers = servedLog ? erasingServedReads(stores.writers, servedLog) : stores.writers;
  const files = await DataFiles.open(join(folder, 'files'));
  const { embedded, findRemoteStore } = stores;
  const dependencies = {
    database: embedded.database,
    findRemoteStore,
    stores,
    registry,
    files,
    workFolder: join(folder, 'work'),
    clock,
  };
  const trainingSet = new TrainingSetHandler(dependencies);
  const gateway = await startTestGateway(registry, {
    clock,
    wrap: () => stores,
    writers,
    ...(servedLog ? { servedLog } : {}),
    ...(more.policy ? { policy: more.policy } : {}),
    ...(more.monitorSecret === undefined ? {} : { monitorSecret: more.monitorSecret }),
    madeTrainingSets: new LocalMadeTrainingSets(dependencies),
    syncs: { fillOwner: (entityType) => stores.fillOwner(entityType) },
    handlers: [trainingSet],
    trainingSets: (jobs) => new LocalTrainingSets(jobs, trainingSet, dependencies),
  });
  return {
    ...gateway,
    stores,
    files: files.folder,
    servedLog,
    servedLogFolder: join(folder, 'served-log'),
    write: (source, rows) => writeTo(stores, source, rows),
    close: async () => {
      await gateway.close();
      await servedLog?.close();
      await stores.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Offline first, then online what is newest there: as the gateway fills its stores. */
async function writeTo(stores: OpenStores, source: FeatureSource, rows: readonly FeatureRow[]): Promise<void> {
  const { entityType } = source;
  const offline = stores.offline(entityType.featurestore);
  const { rejected } = await offline.append(source, rows);
  if (rejected.length > 0) throw new Error(`rows were rejected: ${JSON.stringify(rejected)}`);
  for await (const writes of offline.newest(source)) {
    await stores.online(entityType.featurestore).write(entityType, writes);
  }
}
