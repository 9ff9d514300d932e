import { status as CODE } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BigtableOnlineStore } from '../../../../datasources/online/bigtable/bigtable-online-store.js';
import {
  createTable,
  describeWithBigtable,
  openBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../../support/google/bigtable-emulator.js';
import { startFaultProxy, type FaultProxy } from '../../../support/google/fault-proxy.js';
import { NOW, row, smallRegistry, findSource } from '../../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../../support/test-gateway.js';

/** Seconds before now: the table has every value of the last minute. */
const moment = (seconds: number): string => new Date(Number(NOW / 1000n) - seconds * 1000).toISOString();

const valuesAt = (seconds: number, ids = ['c1']): string =>
  `entities(featurestore: "shop", entityType: "customer", entityIds: ${JSON.stringify(ids)}, asOf: "${moment(seconds)}") {
    features(names: ["orders_7d"]) { value status timestamp ageSeconds } }`;

describeWithBigtable('reads of the past over Bigtable', () => {
  let emulator: BigtableEmulator;
  let proxy: FaultProxy;
  let store: BigtableOnlineStore;
  let gateway: TestGateway;

  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    proxy = await startFaultProxy(emulator.endpoint);
    const settings = await createTable(emulator.endpoint, { versionRetentionSeconds: 60, readDeadlineMs: 500 });
    store = await openBigtable(settings, { apiEndpoint: proxy.endpoint });
    gateway = await startTestGateway(smallRegistry(), {
      wrap: (stores) => ({ online: () => store, offline: (featurestore) => stores.offline(featurestore) }),
    });
    const source = findSource(gateway, 'shop', 'customer');
    const history = [
      row('c1', -90, { orders_7d: 1n }),
      row('c1', -50, { orders_7d: 2n }),
      row('c1', -10, { orders_7d: 3n }),
      row('c2', -95, { orders_7d: 4n }),
    ];
    // Each value is written in both stores, as a stream does it.
    await gateway.write(source, history);
    for (const { entityId, timestamp, values } of history) {
      const version = { timestamp, createdTimestamp: null, sequence: null };
      await store.write(source.entityType, [{ entityId: entityId!, source, version, values }]);
    }
  });
  beforeEach(() => {
    proxy.decide = () => undefined;
    proxy.calls.length = 0;
    gateway.reads.pointInTime.length = 0;
  });
  afterAll(async () => {
    await gateway.close();
    await store.close();
    await proxy.stop();
    await emulator.stop();
  });

  const values = async (...selections: string[]) => {
    const fields = selections.map((selection, index) => `a${index}: ${selection}`);
    const { data, errors } = await gateway.ask(`{ ${fields.join('\n')} }`);
    expect(errors).toBeUndefined();
    return Object.values<any>(data).map((entities) => entities.map(({ features }: any) => features[0].value));
  };

  it('are answered from its cells within the retention, in one read a moment, without the offline store', async () => {
    expect(await values(valuesAt(20, ['c1', 'c2', 'c1']), valuesAt(5))).toEqual([['2', '4', '2'], ['3']]);
    expect(gateway.reads.pointInTime).toEqual([]);
    expect(proxy.calls.filter((method) => method.endsWith('ReadRows'))).toHaveLength(2);
    const metrics = await gateway.metrics.metrics();
    expect(metrics).toMatch(/store_read_duration_seconds_count\{read="online_as_of",outcome="ok"\} 2/);
  });

  it('go to the offline store where the cells do not say for certain, and only those', async () => {
    // c1 had another value then, which is older than the retention; of c9 nothing is known online.
    expect(await values(valuesAt(55, ['c1', 'c2', 'c9']))).toEqual([['1', '4', null]]);
    expect(gateway.reads.pointInTime.map(({ labels }) => labels.map(({ entityId }) => entityId))).toEqual([
      ['c1', 'c9'],
    ]);
  });

  it('of before the retention, of the future and of many moments are not asked of the cells at all', async () => {
    expect(await values(valuesAt(80))).toEqual([['1']]);
    expect(await values(valuesAt(-10))).toEqual([['3']]);
    expect(await values(...Array.from({ length: 9 }, (_, index) => valuesAt(20 + index)))).toEqual(
      Array.from({ length: 9 }, () => ['2']),
    );
    expect(proxy.calls).toEqual([]);
    expect(gateway.reads.pointInTime).toHaveLength(3);
  });

  it('are answered by the offline store when Bigtable cannot be reached', async () => {
    proxy.decide = () => ({ kind: 'refused', status: CODE.UNAVAILABLE });
    expect(await values(valuesAt(20))).toEqual([['2']]);
    expect(gateway.reads.pointInTime).toHaveLength(1);
  });

  it('are told in full: value, status, timestamp and age to the moment', async () => {
    const { data } = await gateway.ask(`{ ${valuesAt(20)} }`);
    expect(data.entities[0].features[0]).toEqual({
      value: '2',
      status: 'PRESENT',
      timestamp: '2001-09-09T01:45:50Z',
      ageSeconds: 30,
    });
  });
});
