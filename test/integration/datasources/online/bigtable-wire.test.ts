import { status as CODE } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BigtableOnlineStore } from '../../../../datasources/online/bigtable/bigtable-online-store.js';
import { rowKey } from '../../../../datasources/online/bigtable/row-key.js';
import { connect } from '../../../../datasources/google/bigtable/client.js';
import type { BigtableSettings, EntityType } from '../../../../datasources/registry/model.js';
import {
  createTable,
  describeWithBigtable,
  openBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../../support/google/bigtable-emulator.js';
import { bigtableData } from '../../../support/google/bigtable-protos.js';
import { startFaultProxy, type FaultProxy } from '../../../support/google/fault-proxy.js';
import { testEntityType } from '../../../support/test-registry.js';

/** A moment in the middle of a millisecond. */
const T = 1_000_000_000_000_500n;

/** What answers alone do not show: an unfiltered read gives the same values, but moves and bills every cell of the row. */
describeWithBigtable('what Bigtable is asked', () => {
  const service = bigtableData();
  let emulator: BigtableEmulator;
  let proxy: FaultProxy;
  let settings: BigtableSettings;
  let store: BigtableOnlineStore;
  let entityType: EntityType;
  let made = 0;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    proxy = await startFaultProxy(emulator.endpoint);
    settings = await createTable(emulator.endpoint, {
      appProfile: 'serving',
      columnFamily: 'v.1',
      versionRetentionSeconds: 60,
      readDeadlineMs: 3000,
    });
    store = await openBigtable(settings, { apiEndpoint: proxy.endpoint });
  });
  afterAll(async () => {
    await store.close();
    await proxy.stop();
    await emulator.stop();
  });
  beforeEach(() => {
    proxy.calls.length = 0;
    proxy.timeouts.length = 0;
    proxy.requests.length = 0;
    proxy.decide = () => undefined;
    entityType = testEntityType({
      name: `thing_${(made += 1)}`,
      sources: [{ features: ['a', 'b', 'c'].map((name) => ({ name, valueType: 'STRING' })) }],
    });
  });

  const asked = () => proxy.requests.map(({ method, message }): any => service[method]!.requestDeserialize(message));
  const read = (entityIds: readonly string[]) =>
    store.read({ entityType, entityIds, features: entityType.features.slice(0, 2), now: T });
  const tableName = () => `projects/test-project/instances/test-instance/tables/${settings.table}`;

  const FAMILY = { familyNameRegexFilter: 'v\\.1' };
  const rangeOf = (first: string, last: string) => ({
    columnRangeFilter: {
      familyName: 'v.1',
      startQualifierClosed: Buffer.from(`=${first}`),
      endQualifierClosed: Buffer.from(`=${last}`),
    },
  });
  const COLUMNS = rangeOf('$values', 'b');
  const NEWEST = { cellsPerColumnLimitFilter: 1 };

  it('is the newest cell of the asked columns of the asked rows, by the app profile', async () => {
    await read(['x', 'y', 'x']);
    expect(asked()).toMatchObject([
      {
        tableName: tableName(),
        appProfileId: 'serving',
        rows: { rowKeys: ['x', 'y'].map((id) => Buffer.from(rowKey(entityType, id))) },
        filter: { chain: { filters: [COLUMNS, NEWEST] } },
      },
    ]);
    const [{ rows }] = asked();
    expect(rows.rowRanges ?? []).toEqual([]);
  });

  it('is a range for each run of asked columns, none of which holds a large value of another column', async () => {
    const columns = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({
      name,
      valueType: name === 'c' ? ('DOUBLE_ARRAY' as const) : ('DOUBLE' as const),
    }));
    const wide = testEntityType({ name: `thing_${(made += 1)}`, sources: [{ features: columns }] });
    const ask = async (names: string) => {
      proxy.requests.length = 0;
      const features = wide.features.filter(({ name }) => names.includes(name));
      await store.read({ entityType: wide, entityIds: ['x'], features, now: T });
      return asked().map(({ filter }) => filter.chain.filters[0]);
    };
    expect(await ask('abdefg')).toMatchObject([
      { interleave: { filters: [rangeOf('$values', 'b'), rangeOf('d', 'g')] } },
    ]);
    // Most columns: the small one that is not asked for comes too.
    expect(await ask('abcdfg')).toMatchObject([rangeOf('$values', 'g')]);
    expect(await ask('f')).toMatchObject([
      { interleave: { filters: [rangeOf('$values', '$values'), rangeOf('f', 'f')] } },
    ]);
  });

  it('is, as of a moment, also the newest cell until its millisecond: first the time, then the limit', async () => {
    const { features } = entityType;
    await store.versions!.readAsOf({ entityType, entityIds: ['x'], features: features.slice(0, 2), now: T, asOf: T });
    const until = { timestampRangeFilter: { endTimestampMicros: '1000000000001000' } };
    expect(asked()).toMatchObject([
      {
        filter: {
          chain: {
            filters: [COLUMNS, { interleave: { filters: [NEWEST, { chain: { filters: [until, NEWEST] } }] } }],
          },
        },
      },
    ]);
  });

  it('is to set cells at the time of their values, unless a newer one is there, by the app profile', async () => {
    await store.write(entityType, [
      {
        entityId: 'x',
        source: entityType.sources[0]!,
        version: { timestamp: T, createdTimestamp: null, sequence: null },
        values: new Map([['a', 'value']]),
      },
    ]);
    const millisecond = { startTimestampMicros: '1000000000000000', endTimestampMicros: '1000000000001000' };
    const [request, ...others] = asked();
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      tableName: tableName(),
      appProfileId: 'serving',
      rowKey: Buffer.from(rowKey(entityType, 'x')),
      predicateFilter: {
        chain: { filters: [FAMILY, { timestampRangeFilter: millisecond }, { valueRangeFilter: {} }] },
      },
      falseMutations: ['=$values', '=a'].map((qualifier) => ({
        setCell: {
          familyName: 'v.1',
          columnQualifier: Buffer.from(qualifier),
          timestampMicros: '1000000000000000',
        },
      })),
    });
    expect(request.trueMutations ?? []).toEqual([]);
  });

  it('is many keys in several requests at once, not one after the other', async () => {
    let arrived = 0;
    let letGo: () => void;
    const allThere = new Promise<void>((resolve) => (letGo = resolve));
    proxy.decide = async () => {
      if ((arrived += 1) === 3) letGo();
      await allThere;
      return undefined;
    };
    // One after the other, the first would wait for the others until the deadline.
    await read(Array.from({ length: 250 }, (_, index) => `e${index}`));
    expect(new Set(asked().map(({ rows }) => rows.rowKeys.length))).toEqual(new Set([100, 50]));
    expect(proxy.requests).toHaveLength(3);
  });

  it('is given a third of the deadline in the first attempt, and all that is left in the next', async () => {
    proxy.decide = async (method) => {
      if (method !== 'ReadRows' || proxy.calls.length > 1) return undefined;
      // The first attempt hangs until its time is over.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      return { kind: 'refused', status: CODE.UNAVAILABLE };
    };
    await read(['x']);
    const timeouts = proxy.timeouts.map((timeout) => parseInt(timeout!));
    expect(timeouts).toHaveLength(2);
    expect(timeouts[0]).toBeLessThanOrEqual(1000);
    expect(timeouts[1]).toBeGreaterThan(1000);
    expect(timeouts[1]).toBeLessThanOrEqual(2000);
  });

  it('is not told to Cloud Monitoring', async () => {
    const { client } = await connect(settings, proxy.endpoint);
    // With its measurements on, the client has a handler here that sends them.
    expect(client._metricsConfigManager).toMatchObject({ metricsHandlers: [] });
    await client.close();
  });
});
