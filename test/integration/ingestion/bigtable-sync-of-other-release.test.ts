import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { addFillExpiry } from '../../../ingestion/fill-fingerprint.js';
import type { FillableOnlineStore } from '../../../datasources/online/online-store.js';
import type { BigtableSettings } from '../../../datasources/registry/model.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { waitForJobEnd, startSync } from '../../support/syncs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const OLD = `SELECT * FROM (VALUES ('ann', TIMESTAMP '2001-01-01', 1), ('bob', TIMESTAMP '2001-01-01', 1)) AS t(id, moment, total)`;
/** Another value of the same time, and an id less. */
const NEW = `SELECT 'ann' AS id, TIMESTAMP '2001-01-01' AS moment, 2 AS total`;

describeWithBigtable('a sync into a Bigtable table that gateways of two releases serve from', () => {
  let emulator: BigtableEmulator;
  let settings: BigtableSettings;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());
  beforeEach(async () => {
    settings = await createTable(emulator.endpoint);
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
    return () => vi.unstubAllEnvs();
  });

  /** A gateway that has started with this SQL: the table is filled by it. */
  const release = async (sql: string): Promise<StoreGateway> => {
    const folder = temporaryFolder();
    const source = {
      name: 'orders',
      sql: 'orders.sql',
      timestampColumn: 'moment',
      features: [{ name: 'total', valueType: 'INT64' }],
    };
    const shop = {
      name: 'shop',
      onlineStore: settings,
      entityTypes: [{ name: 'customer', entityIdColumns: ['id'], sources: [source] }],
      featureViews: [{ name: 'basket', entityType: 'customer', features: ['total'] }],
    };
    writeFileSync(join(folder, 'orders.sql'), sql);
    writeFileSync(join(folder, 'registry.yaml'), JSON.stringify({ featurestores: [shop] }));
    const gateway = await startStoreGateway(await loadRegistry(join(folder, 'registry.yaml')));
    onTestFinished(() => gateway.close());
    await gateway.stores.prepare(() => undefined);
    return gateway;
  };
  const customerOf = ({ services, stores }: StoreGateway) => {
    const entityType = services.registry.entityType('shop', 'customer');
    return { entityType, online: stores.online(entityType.featurestore) as FillableOnlineStore };
  };
  const totals = async (gateway: StoreGateway) => {
    const { entityType, online } = customerOf(gateway);
    const read = { entityType, entityIds: ['ann', 'bob'], features: entityType.features, now: 0n };
    return (await online.read(read)).map(([total]) => total!.value);
  };
  const sync = async (gateway: StoreGateway) => waitForJobEnd(gateway, (await startSync(gateway)).job.id);

  it('leaves what another release filled as it is, and fails with what to do', async () => {
    const [old, next] = [await release(OLD), await release(NEW)];
    expect(await totals(next)).toEqual([2n, null]);
    expect(await sync(old)).toMatchObject({
      state: 'FAILED',
      error: { code: 'STORE_CHANGED', message: expect.stringMatching(/"customer".*Start the sync there/) },
      dataWatermark: null,
    });
    expect(await totals(next)).toEqual([2n, null]);
    expect(await sync(next)).toMatchObject({ state: 'SUCCEEDED', rowsSynced: '1' });
  });

  it('ends before its next batch when another release has filled the table meanwhile', async () => {
    const old = await release(`${OLD} UNION ALL SELECT range::VARCHAR, TIMESTAMP '2001-01-01', 1 FROM range(3000)`);
    const { fillOwner: filledBy } = old.stores;
    let looks = 0;
    let next: StoreGateway | undefined;
    // Looks before the source, before its first batch, and before its second.
    vi.spyOn(old.stores, 'fillOwner').mockImplementation(async (entityType) => {
      if ((looks += 1) === 3) next = await release(NEW);
      return filledBy(entityType);
    });
    expect(await sync(old)).toMatchObject({
      state: 'FAILED',
      error: { code: 'STORE_CHANGED' },
    });
    expect(looks).toBe(3);
    expect(await totals(next!)).toEqual([2n, null]);
  });

  it('fails while the table is being filled', async () => {
    const gateway = await release(OLD);
    const { entityType, online } = customerOf(gateway);
    const broken = online.fill(entityType, {
      fingerprint: 'other',
      expectedFill: await online.currentFill(entityType),
      readWrites: () => {
        throw new Error('killed');
      },
    });
    await expect(broken).rejects.toThrow();
    expect(await sync(gateway)).toMatchObject({
      state: 'FAILED',
      error: { code: 'STORE_CHANGED', message: expect.stringMatching(/being filled.*later/) },
    });
  });

  it('brings the gateway’s own values, also when rows came true since the table was filled', async () => {
    const gateway = await release(OLD);
    const { entityType, online } = customerOf(gateway);
    const own = await online.currentFill(entityType);
    // As a start fills it that knows of a row to come.
    await online.fill(entityType, {
      fingerprint: addFillExpiry(own!, 1n),
      expectedFill: own,
      readWrites: () => ReadableStream.from([]),
    });
    expect(await totals(gateway)).toEqual([null, null]);
    expect(await sync(gateway)).toMatchObject({ state: 'SUCCEEDED', rowsSynced: '2' });
    expect(await totals(gateway)).toEqual([1n, 1n]);
  });
});
