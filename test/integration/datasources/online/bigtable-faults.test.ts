import { status as CODE } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import { Bigtable } from '@google-cloud/bigtable';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BigtableOnlineStore } from '../../../../datasources/online/bigtable/bigtable-online-store.js';
import { decodeCell } from '../../../../datasources/online/bigtable/cell-codec.js';
import { rowKey } from '../../../../datasources/online/bigtable/row-key.js';
import { findAppError } from '../../../../errors/mask-error.js';
import type { AppError } from '../../../../errors/app-error.js';
import type { BigtableSettings, EntityType } from '../../../../datasources/registry/model.js';
import {
  createTable,
  describeWithBigtable,
  openBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../../support/google/bigtable-emulator.js';
import { startFaultProxy, type Fault, type FaultProxy } from '../../../support/google/fault-proxy.js';
import { testEntityType } from '../../../support/test-registry.js';

const UNAVAILABLE = { name: 'AppError', code: 'STORE_UNAVAILABLE' };
const NOW = 1_000_000_000_000_000n;

describeWithBigtable('Bigtable behind a network that fails', () => {
  let emulator: BigtableEmulator;
  let proxy: FaultProxy;
  let settings: BigtableSettings;
  let store: BigtableOnlineStore;
  let entityType: EntityType;
  let made = 0;
  const entityIds = Array.from({ length: 90 }, (_, index) => `e${index}`);

  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    settings = await createTable(emulator.endpoint, { readDeadlineMs: 3000 });
  });
  afterAll(async () => emulator.stop());
  beforeEach(async () => {
    proxy = await startFaultProxy(emulator.endpoint);
    store = await openBigtable(settings, { apiEndpoint: proxy.endpoint, writeDeadlineMs: 3000 });
    entityType = testEntityType({
      name: `thing_${(made += 1)}`,
      sources: [{ features: [{ name: 'a', valueType: 'STRING' }] }],
    });
    await store.write(
      entityType,
      entityIds.map((entityId) => writeOf(entityId, 0n, entityId)),
    );
    proxy.calls.length = 0;
    return async () => {
      await store.close();
      await proxy.stop();
    };
  });

  const writeOf = (entityId: string, sequence: bigint, a: string) => ({
    entityId,
    source: entityType.sources[0]!,
    version: { timestamp: NOW, createdTimestamp: null, sequence },
    values: new Map([['a', a]]),
  });
  const read = async () =>
    (await store.read({ entityType, entityIds, features: entityType.features, now: NOW })).map(([a]) => a?.value);

  it.each<[string, Fault[]]>([
    [
      'UNAVAILABLE twice',
      [
        { kind: 'refused', status: CODE.UNAVAILABLE },
        { kind: 'refused', status: CODE.UNAVAILABLE },
      ],
    ],
    ['DEADLINE_EXCEEDED', [{ kind: 'refused', status: CODE.DEADLINE_EXCEEDED }]],
    ['RESOURCE_EXHAUSTED', [{ kind: 'refused', status: CODE.RESOURCE_EXHAUSTED }]],
    ['ABORTED', [{ kind: 'refused', status: CODE.ABORTED }]],
    ['CANCELLED', [{ kind: 'refused', status: CODE.CANCELLED }]],
    ['a stream cancelled in the middle', [{ kind: 'cut', afterBytes: 2500, code: constants.NGHTTP2_CANCEL }]],
    ['a stream cancelled at its beginning', [{ kind: 'cut', afterBytes: 0, code: constants.NGHTTP2_CANCEL }]],
    ['a stream reset in the middle', [{ kind: 'cut', afterBytes: 2500, code: constants.NGHTTP2_INTERNAL_ERROR }]],
    ['a stream that ends without a status', [{ kind: 'cut', afterBytes: 2500, code: null }]],
    ['a connection lost in the middle', [{ kind: 'disconnected', afterBytes: 2500 }]],
  ])('a read meets %s and gives every row', async (_title, faults) => {
    proxy.fail('ReadRows', ...faults);
    expect(await read()).toEqual(entityIds);
    expect(proxy.calls).toHaveLength(faults.length + 1);
  });

  it('gives a slow answer, but not one slower than the deadline', async () => {
    proxy.fail('ReadRows', { kind: 'slow', delayMs: 300 });
    expect(await read()).toEqual(entityIds);
    const hasty = await openBigtable(
      { ...settings, readDeadlineMs: 200 },
      { apiEndpoint: proxy.endpoint, writeDeadlineMs: 200 },
    );
    proxy.decide = () => ({ kind: 'slow', delayMs: 2000 });
    const { features } = entityType;
    await expect(hasty.read({ entityType, entityIds, features, now: NOW })).rejects.toMatchObject(UNAVAILABLE);
    await expect(hasty.write(entityType, [writeOf('e0', 1n, 'late')])).rejects.toMatchObject(UNAVAILABLE);
    await hasty.close();
  });

  it('tries a read again whose attempt hangs, while there is time', async () => {
    proxy.fail('ReadRows', { kind: 'slow', delayMs: 60_000 });
    expect(await read()).toEqual(entityIds);
    expect(proxy.calls).toHaveLength(2);
    proxy.decide = () => ({ kind: 'slow', delayMs: 60_000 });
    await expect(read()).rejects.toMatchObject(UNAVAILABLE);
    // A third of the deadline for the first, and the rest for the second; the pause may leave a little for one more.
    expect(proxy.calls.length - 2).toBeGreaterThanOrEqual(2);
    expect(proxy.calls.length - 2).toBeLessThanOrEqual(3);
  });

  it('says STORE_UNAVAILABLE of a store that stays out of reach, and names nothing of it', async () => {
    const options = { apiEndpoint: proxy.endpoint, writeDeadlineMs: 300 };
    const hasty = await openBigtable({ ...settings, readDeadlineMs: 300, versionRetentionSeconds: 60 }, options);
    proxy.decide = () => ({ kind: 'refused', status: CODE.UNAVAILABLE });
    const { features } = entityType;
    for (const call of [
      () => hasty.read({ entityType, entityIds, features, now: NOW }),
      () => hasty.versions!.readAsOf({ entityType, entityIds, features, now: NOW, asOf: NOW }),
      () => hasty.write(entityType, [writeOf('e0', 1n, 'never')]),
      () => hasty.delete(entityType, ['e0']),
    ]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(UNAVAILABLE);
      expect((error as AppError).message).not.toMatch(/secret|project|table|projects/);
      expect((error as AppError).details).toEqual({});
    }
    expect(await hasty.isHealthy()).toBe(false);
    await hasty.close();
    proxy.decide = () => undefined;
    expect([await read(), await store.isHealthy()]).toEqual([entityIds, true]);
  });

  it.each<[string, number, RegExp]>([
    ['NOT_FOUND', CODE.NOT_FOUND, /gcloud bigtable instances tables create/],
    ['PERMISSION_DENIED', CODE.PERMISSION_DENIED, /add-iam-policy-binding .* --role=roles\/bigtable.user/],
    ['UNAUTHENTICATED', CODE.UNAUTHENTICATED, /credentials are refused/],
  ])('says STORE_UNAVAILABLE at once for %s, and tells the operator alone the cure', async (_title, status, cure) => {
    proxy.decide = () => ({ kind: 'refused', status });
    for (const call of [read, () => store.write(entityType, [writeOf('e0', 1n, 'x')])]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ ...UNAVAILABLE, details: {} });
      expect((error as AppError).message).not.toMatch(/secret|project|table|gcloud/);
      expect(((error as AppError).cause as Error).message).toMatch(cure);
    }
    expect(proxy.calls).toHaveLength(2);
  });

  it('answers STORE_UNAVAILABLE of a table that was deleted', async () => {
    const gone = await createTable(emulator.endpoint);
    const orphan = await openBigtable(gone, { apiEndpoint: emulator.endpoint });
    const client = new Bigtable({ projectId: gone.project, apiEndpoint: emulator.endpoint, metricsEnabled: false });
    await client.instance(gone.instance).table(gone.table).delete();
    await client.close();
    const { features } = entityType;
    await expect(orphan.read({ entityType, entityIds, features, now: NOW })).rejects.toMatchObject(UNAVAILABLE);
    await expect(orphan.write(entityType, [writeOf('e0', 1n, 'x')])).rejects.toMatchObject(UNAVAILABLE);
    await orphan.close();
  });

  it.each([['INVALID_ARGUMENT', CODE.INVALID_ARGUMENT]])(
    'leaves %s to the log: it is not tried again, and no AppError',
    async (_title, status) => {
      proxy.decide = () => ({ kind: 'refused', status });
      for (const call of [read, () => store.write(entityType, [writeOf('e0', 1n, 'x')])]) {
        const error: unknown = await call().catch((thrown: unknown) => thrown);
        expect(findAppError(error)).toBeUndefined();
        expect(error).toMatchObject({ code: status });
      }
      expect(proxy.calls).toHaveLength(2);
    },
  );

  it.each<[string, Fault]>([
    ['is refused', { kind: 'refused', status: CODE.UNAVAILABLE }],
    ['is done but its answer is lost', { kind: 'answer lost', status: CODE.UNAVAILABLE }],
    ['is done but its answer is late', { kind: 'answer lost', status: CODE.DEADLINE_EXCEEDED }],
    ['is done but its answer is cut off', { kind: 'cut', afterBytes: 0, code: constants.NGHTTP2_CANCEL }],
    ['is done but the connection is lost', { kind: 'disconnected', afterBytes: 0 }],
  ])('writes once what %s', async (_title, fault) => {
    proxy.fail('CheckAndMutateRow', fault);
    await store.write(entityType, [writeOf('e0', 1n, 'new')]);
    expect(await cellsOf('e0')).toEqual(['new']);
    expect(proxy.calls.filter((call) => call === 'CheckAndMutateRow').length).toBeGreaterThan(1);
  });

  it('does not let a write that is tried again undo a newer one that came between', async () => {
    const direct = await openBigtable(settings, { apiEndpoint: emulator.endpoint });
    proxy.decide = async () => {
      if (proxy.calls.length === 1) return { kind: 'answer lost', status: CODE.UNAVAILABLE };
      await direct.write(entityType, [writeOf('e0', 2n, 'newer')]);
      return undefined;
    };
    await store.write(entityType, [writeOf('e0', 1n, 'older')]);
    expect(proxy.calls.length).toBeGreaterThan(1);
    expect(await cellsOf('e0')).toEqual(['newer']);
    await direct.close();
  });

  it('forgets what is deleted though the answer is lost', async () => {
    proxy.fail('CheckAndMutateRow', { kind: 'answer lost', status: CODE.UNAVAILABLE });
    await store.delete(entityType, entityIds.slice(1));
    expect(await read()).toEqual(['e0', ...entityIds.slice(1).map(() => undefined)].map((value) => value ?? null));
  });

  it('loses and doubles nothing when two writers write and a third of their calls fail', async () => {
    const other = await openBigtable(settings, { apiEndpoint: proxy.endpoint, writeDeadlineMs: 3000 });
    const kinds: Fault[] = [
      { kind: 'refused', status: CODE.UNAVAILABLE },
      { kind: 'answer lost', status: CODE.UNAVAILABLE },
      { kind: 'answer lost', status: CODE.ABORTED },
      { kind: 'cut', afterBytes: 0, code: constants.NGHTTP2_CANCEL },
    ];
    let call = 0;
    proxy.decide = () => ((call += 1) % 3 === 0 ? kinds[(call / 3) % kinds.length] : undefined);
    // 20 versions of 20 entities at one moment, in an order that is none.
    const writes = Array.from({ length: 400 }, (_, index) => {
      const place = (index * 157) % 400;
      return writeOf(`e${place % 20}`, BigInt(Math.floor(place / 20)), `${Math.floor(place / 20)}`);
    });
    await Promise.all(
      writes.map(async (write, index) => {
        // As a client would: a write that fails is repeated until it is acknowledged.
        for (let isDone = false; !isDone;) {
          isDone = await (index % 2 === 0 ? store : other).write(entityType, [write]).then(
            () => true,
            (error: unknown) => {
              expect(error).toMatchObject(UNAVAILABLE);
              return false;
            },
          );
        }
      }),
    );
    proxy.decide = () => undefined;
    expect(await read()).toEqual(entityIds.map((entityId, index) => (index < 20 ? '19' : entityId)));
    expect(await cellsOf('e7')).toEqual(['19']);
    await other.close();
  });

  /** All versions of feature a that the table holds of an entity, asked of the emulator itself. */
  async function cellsOf(entityId: string): Promise<unknown[]> {
    const client = new Bigtable({ projectId: settings.project, apiEndpoint: emulator.endpoint, metricsEnabled: false });
    const table = client.instance(settings.instance).table(settings.table);
    const [row] = await table.row(rowKey(entityType, entityId)).get({ decode: false });
    await client.close();
    return row.data.f['=a'].map(({ value }: { value: Buffer }) => decodeCell(value).value);
  }
});
