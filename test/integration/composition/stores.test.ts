import { status as CODE } from '@grpc/grpc-js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { BigtableSettings } from '../../../datasources/registry/model.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { createShadowMetrics } from '../../../observability/shadow-metrics.js';
import { checkStores } from '../../../composition/check-stores.js';
import { openStores } from '../../../composition/stores.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { startFaultProxy } from '../../support/google/fault-proxy.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const TOTAL = `
    entityTypes:
      - name: customer
        sources: [{ sql: orders.sql, timestampColumn: moment, features: [{ name: total, valueType: INT64 }] }]`;

describeWithBigtable('stores of a registry', () => {
  let emulator: BigtableEmulator;
  let settings: BigtableSettings;
  let folder: string;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await emulator.stop();
  });
  beforeEach(async () => {
    settings = await createTable(emulator.endpoint);
    folder = temporaryFolder();
    const inBigtable = `{ kind: BIGTABLE, project: ${settings.project}, instance: ${settings.instance}, table: ${settings.table}, readDeadlineMs: 30000, fillRowsPerSecond: ${settings.fillRowsPerSecond} }`;
    writeFileSync(
      join(folder, 'registry.yaml'),
      `featurestores:
  - name: cloud
    onlineStore: ${inBigtable}${TOTAL}
  - name: cloud_too
    onlineStore: ${inBigtable}${TOTAL}
  - name: here${TOTAL}
`,
    );
    writeFileSync(
      join(folder, 'orders.sql'),
      `SELECT 'c' || i AS entity_id, TIMESTAMP '2001-01-01' + INTERVAL (i) SECOND AS moment, i AS total FROM range(500) AS numbers(i)`,
    );
  });

  /** A gateway's stores in a data folder of their own; gives what was prepared and what is read. */
  const prepared = async (dataFolder: string) => {
    const registry = await loadRegistry(join(folder, 'registry.yaml'));
    const stores = await openStores(registry, join(folder, dataFolder), {
      shadowReport: createShadowMetrics(new Metrics()),
    });
    onTestFinished(() => stores.close());
    const steps: string[] = [];
    await stores.prepare(({ step }) => {
      if (steps.at(-1) !== step) steps.push(step);
    });
    const values = await Promise.all(
      registry.featurestores.map(async (featurestore) => {
        const [entityType] = featurestore.entityTypes;
        const entityIds = ['c0', 'c499', 'c500'];
        const features = entityType!.features;
        const rows = await stores.online(featurestore).read({ entityType: entityType!, entityIds, features, now: 0n });
        return rows.map(([total]) => total?.value);
      }),
    );
    return { stores, registry, steps, values };
  };

  it('live where the registry says, and are filled there', async () => {
    const { stores, registry, values } = await prepared('data');
    expect(values).toEqual([0, 1, 2].map(() => [0n, 499n, null]));
    const [cloud, cloudToo, here] = registry.featurestores.map(
      (featurestore) => stores.online(featurestore).constructor.name,
    );
    expect([cloud, cloudToo, here]).toEqual(['BigtableOnlineStore', 'BigtableOnlineStore', 'LmdbOnlineStore']);
    expect(await stores.isReady()).toBe(true);
  });

  it('are opened once, though several featurestores name them', async () => {
    const { stores, registry } = await prepared('data');
    const [cloud, cloudToo] = registry.featurestores;
    expect(stores.online(cloud!)).toBe(stores.online(cloudToo!));
  });

  it('are not filled again by a second gateway, which has its own offline store', async () => {
    await prepared('data');
    const second = await prepared('data of another machine');
    expect(second.steps.filter((step) => step.includes('cloud'))).toEqual([
      'computing cloud.customer: values',
      'computing cloud_too.customer: values',
    ]);
    expect(second.values).toEqual([0, 1, 2].map(() => [0n, 499n, null]));
  });

  it('are not ready when one is not well, and are told apart', async () => {
    const proxy = await startFaultProxy(emulator.endpoint);
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', proxy.endpoint);
    onTestFinished(async () => {
      vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
      await proxy.stop();
    });
    const { stores, registry } = await prepared('data');
    expect(await stores.isReady()).toBe(true);
    proxy.decide = () => ({ kind: 'refused', status: CODE.PERMISSION_DENIED });
    expect(await stores.isReady()).toBe(false);
    const up = await checkStores(registry, stores);
    expect(up.filter(({ isUp }) => !isUp).map(({ featurestore, store }) => `${featurestore} ${store}`)).toEqual([
      'cloud online',
      'cloud_too online',
    ]);
  });

  it('show clients where they are in words, without a name of the project', async () => {
    const registry = await loadRegistry(join(folder, 'registry.yaml'));
    const [cloud] = registry.featurestores;
    expect(cloud!.onlineStore).toEqual({ kind: 'BIGTABLE', location: 'Google Cloud' });
    expect(cloud!.onlineSettings).toEqual({ ...settings });
  });
});
