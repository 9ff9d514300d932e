import { status as CODE } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { startFaultProxy, type FaultProxy } from '../../support/google/fault-proxy.js';
import { row, smallRegistry, findSource } from '../../support/small-registry.js';
import { waitForJobEnd, startSync } from '../../support/syncs.js';

const ENTITIES = Array.from({ length: 1500 }, (_, index) => `c${index}`);

describeWithBigtable('a sync into Bigtable behind a network that fails', () => {
  let emulator: BigtableEmulator;
  let proxy: FaultProxy;
  let gateway: StoreGateway;

  beforeEach(async () => {
    emulator = await startBigtableEmulator();
    proxy = await startFaultProxy(emulator.endpoint);
    const onlineStore = await createTable(emulator.endpoint);
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', proxy.endpoint);
    gateway = await startStoreGateway(smallRegistry({ onlineStore }));
    const source = findSource(gateway, 'shop', 'customer');
    const rows = ENTITIES.map((entityId, index) => row(entityId, -5, { orders_7d: BigInt(index), mean_basket: 1 }));
    await gateway.stores.offline(source.entityType.featurestore).append(source, rows);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await gateway.close();
    await proxy.stop();
    await emulator.stop();
  });

  const ordersOnline = async (): Promise<(string | null)[]> => {
    const { data } = await gateway.ask(
      `query ($ids: [ID!]!) { entities(featurestore: "shop", entityType: "customer", entityIds: $ids) {
        features(names: ["orders_7d"]) { value } } }`,
      { ids: ENTITIES },
    );
    return data.entities.map(({ features: [orders] }: any) => orders.value);
  };
  const ALL = ENTITIES.map((_, index) => String(index));

  it('does not notice a store that is away for a moment', async () => {
    let refused = 0;
    proxy.decide = () => ((refused += 1) <= 300 ? { kind: 'refused', status: CODE.UNAVAILABLE } : undefined);
    const { job } = await startSync(gateway);
    expect(await waitForJobEnd(gateway, job.id)).toMatchObject({ state: 'SUCCEEDED', rowsSynced: '1500' });
    expect(refused).toBeGreaterThan(300);
    expect(await ordersOnline()).toEqual(ALL);
  });

  it('loses nothing when answers are lost', async () => {
    let calls = 0;
    proxy.decide = () => ((calls += 1) % 7 === 0 ? { kind: 'answer lost', status: CODE.UNAVAILABLE } : undefined);
    const { job } = await startSync(gateway);
    expect((await waitForJobEnd(gateway, job.id)).state).toBe('SUCCEEDED');
    proxy.decide = () => undefined;
    expect(await ordersOnline()).toEqual(ALL);
  });

  it('fails in the middle without a word of whose store it is, and the next one brings what is missing', async () => {
    let calls = 0;
    proxy.decide = () => ((calls += 1) > 700 ? { kind: 'refused', status: CODE.PERMISSION_DENIED } : undefined);
    const failed = await waitForJobEnd(gateway, (await startSync(gateway)).job.id);
    expect(failed).toMatchObject({ state: 'FAILED', error: { code: 'STORE_UNAVAILABLE' }, dataWatermark: null });
    expect(JSON.stringify(failed)).not.toMatch(/test-project|test-instance|PERMISSION/);
    proxy.decide = () => undefined;
    const found = await ordersOnline();
    expect(found).toContain(null);
    expect(found.filter((value, index) => value !== null && value !== ALL[index])).toEqual([]);

    expect((await waitForJobEnd(gateway, (await startSync(gateway)).job.id)).state).toBe('SUCCEEDED');
    expect(await ordersOnline()).toEqual(ALL);
  });
});
