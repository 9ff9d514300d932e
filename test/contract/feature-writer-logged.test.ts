import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { DuckDbWrittenHistory } from '../../datasources/offline/duckdb/duckdb-written-history.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { LoggedFeatureWriter } from '../../ingestion/writes/logged-feature-writer.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { testEntityType } from '../support/test-registry.js';
import { until } from '../support/until.js';
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

const entityType = testEntityType({
  name: 'scoped',
  sources: [{ features: [{ name: 'a', valueType: 'INT64' }] }],
});
const feature = entityType.features[0]!;

/** A writer whose rows leave the log after a pause of so many milliseconds. */
async function openWriter(opened: AsyncDisposableStack, delayMs: number) {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-writer-'));
  opened.defer(() => rm(folder, { recursive: true }));
  const database = await DuckDbDatabase.open(':memory:');
  opened.defer(() => database.close());
  const offline = await DuckDbOfflineStore.open(database, entityType.sources);
  const online = new LmdbOnlineStore(join(folder, 'online'));
  opened.defer(() => online.close());
  const history = await DuckDbWrittenHistory.open(database);
  opened.defer(() => history.close());
  const failures: unknown[] = [];
  const writer = await LoggedFeatureWriter.open({
    log: online.openLog(() => entityType.sources[0]!),
    history,
    clock: () => T,
    onError: (error) => failures.push(error),
    onUnknownRows: () => undefined,
    delayMs,
  });
  opened.defer(() => writer.close());
  database.beforeUse = (entities) => writer.drained(entities);
  const write = (...entityIds: readonly string[]) =>
    writer.write({
      entityType,
      rows: entityIds.map((entityId) => ({ entityId, timestamp: T, values: new Map([[feature, 7n]]) })),
    });
  return { writer, write, offline, history, failures };
}

/** No row leaves the log by itself. */
const NEVER = 1_000_000;

it('a read of the history moves the rows of its entities out of the log, and waits for no others', async () => {
  await using opened = new AsyncDisposableStack();
  const { writer, write, offline } = await openWriter(opened, NEVER);
  const readAsOf = async (entityId: string) =>
    (await offline.pointInTime({ entityType, labels: [{ entityId, time: T }], features: [feature] }))[0]![0]!.value;
  const readHistory = async (entityId: string) =>
    (await offline.history({ feature, entityId, from: null, to: null, before: null, limit: 9 })).length;

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

describe('rows leave the log by themselves', () => {
  const manyIds = Array.from({ length: WRITE_LIMITS.maxRowsPerDrain / 2 }, (_, index) => `many ${index}`);

  it('in a pause of the writes, and after two seconds at the latest', async () => {
    await using opened = new AsyncDisposableStack();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    opened.defer(() => void vi.useRealTimers());
    const { writer, write } = await openWriter(opened, 1_000);
    await write('a');
    vi.advanceTimersByTime(900);
    await write('b');
    vi.advanceTimersByTime(900);
    await write('c');
    expect(writer.backlog.rows).toBe(3);
    vi.advanceTimersByTime(250);
    vi.useRealTimers();
    await until(() => writer.backlog.rows === 0);
  });

  it('when they fill a transaction, and not again and again while the offline store takes none', async () => {
    await using opened = new AsyncDisposableStack();
    const { writer, write, history, failures } = await openWriter(opened, NEVER);
    const append = history.appendCommits.bind(history);
    history.appendCommits = async () => {
      throw new Error('the disk fails');
    };
    await write(...manyIds);
    await write(...manyIds.map((id) => `${id} more`));
    await until(() => failures.length === 1);
    await write('a');
    await write('b');
    expect(failures).toHaveLength(1);
    history.appendCommits = append;
    await until(() => writer.backlog.rows === 0);
  });
});
