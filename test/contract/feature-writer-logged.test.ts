import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { DuckDbWrittenHistory } from '../../datasources/offline/duckdb/duckdb-written-history.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { LoggedFeatureWriter } from '../../ingestion/writes/logged-feature-writer.js';
import { testEntityType } from '../support/test-registry.js';
import { describeFeatureWriter } from './feature-writer.contract.js';

describeFeatureWriter('LMDB with a log, and DuckDB', {}, async () => ({
  open: async (entityType, clock) => {
    const folder = await mkdtemp(join(tmpdir(), 'featuregraph-writer-'));
    const database = await DuckDbDatabase.open(':memory:');
    const offline = await DuckDbOfflineStore.open(database, entityType.sources);
    const online = new LmdbOnlineStore(join(folder, 'online'));
    const history = await DuckDbWrittenHistory.open(database);
    const log = online.openLog((_featurestore, _entityType, name) =>
      entityType.sources.find((source) => source.name === name),
    );
    let isFailing = false;
    const commit = log.commit.bind(log);
    log.commit = async (rows) => {
      const fails = isFailing;
      isFailing = false;
      if (fails) throw new Error('the disk fails');
      await commit(rows);
    };
    const onError = (error: unknown): never => {
      throw error;
    };
    const writer = await LoggedFeatureWriter.open({ log, history, clock, onError, onUnknownRows: () => undefined });
    database.beforeUse = (entities) => writer.drained(entities);
    return {
      writer,
      online,
      offline,
      failNextWrite: () => (isFailing = true),
      close: async () => {
        await writer.close();
        history.close();
        await online.close();
        database.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  dispose: async () => undefined,
}));

const T = 1_000_000_000_000_000n;

it('a read of the history moves the rows of its entities out of the log, and waits for no others', async () => {
  const entityType = testEntityType({
    name: 'scoped',
    sources: [{ features: [{ name: 'a', valueType: 'INT64' }] }],
  });
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-writer-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(folder, { recursive: true }));
  const database = await DuckDbDatabase.open(':memory:');
  opened.defer(() => database.close());
  const offline = await DuckDbOfflineStore.open(database, entityType.sources);
  const online = new LmdbOnlineStore(join(folder, 'online'));
  opened.defer(() => online.close());
  const history = await DuckDbWrittenHistory.open(database);
  opened.defer(() => history.close());
  const writer = await LoggedFeatureWriter.open({
    log: online.openLog(() => entityType.sources[0]!),
    history,
    clock: () => T,
    onError: () => undefined,
    onUnknownRows: () => undefined,
    // No row leaves the log by itself.
    delayMs: 1_000_000,
  });
  opened.defer(() => writer.close());
  database.beforeUse = (entities) => writer.drained(entities);
  const [feature] = entityType.features;
  const write = (entityId: string) =>
    writer.write({ entityType, rows: [{ entityId, timestamp: T, values: new Map([[feature!, 7n]]) }] });
  const readAsOf = async (entityId: string) =>
    (await offline.pointInTime({ entityType, labels: [{ entityId, time: T }], features: [feature!] }))[0]![0]!.value;
  const readHistory = async (entityId: string) =>
    (await offline.history({ feature: feature!, entityId, from: null, to: null, before: null, limit: 9 })).length;

  await write('a');
  await write('b');
  expect(await readAsOf('c')).toBe(null);
  expect(await readHistory('c')).toBe(0);
  expect(writer.backlog.rows).toBe(2);
  // The rows move in order: those before the row that is read move with it.
  expect(await readAsOf('b')).toBe(7n);
  expect(writer.backlog.rows).toBe(0);
  await write('d');
  expect(await readAsOf('a')).toBe(7n);
  expect(writer.backlog.rows).toBe(1);
  expect(await readHistory('d')).toBe(1);
  expect(writer.backlog.rows).toBe(0);
  await write('e');
  expect(await offline.sampleEntityIds(entityType, 9)).toHaveLength(4);
  expect(writer.backlog.rows).toBe(0);
});
