import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { DuckDbWrittenHistory } from '../../../datasources/offline/duckdb/duckdb-written-history.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { LmdbOnlineStore } from '../../../datasources/online/lmdb/lmdb-online-store.js';
import { LoggedFeatureWriter } from '../../../ingestion/writes/logged-feature-writer.js';
import type { EntityType } from '../../../datasources/registry/model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testEntityType } from '../../support/test-registry.js';
import { until } from '../../support/until.js';

const NOW = 1_000_000_000_000_000n;
const T = (second: number): bigint => NOW - 1_000_000_000n + BigInt(second) * 1_000_000n;
const IDS = ['x', 'y', 'z'];
const SECONDS = 60;

/** FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

let now: bigint;
let entityType: EntityType;
let sources: EntityType['sources'];
let database: DuckDbDatabase;
let online: LmdbOnlineStore;
let writer: LoggedFeatureWriter;
let droppedRows: number;
let failedDrains: number;
let opened: AsyncDisposableStack;
let failingRemovals: number;

beforeEach(async () => {
  now = NOW;
  droppedRows = 0;
  failedDrains = 0;
  failingRemovals = 0;
  opened = new AsyncDisposableStack();
  entityType = testEntityType({ name: 'counter', sources: [{ features: [{ name: 'a', valueType: 'INT64' }] }] });
  ({ sources } = entityType);
  database = await DuckDbDatabase.open(':memory:');
  opened.defer(() => database.close());
  await DuckDbOfflineStore.open(database, sources);
  online = new LmdbOnlineStore(temporaryFolder());
  opened.defer(() => online.close());
  const history = await DuckDbWrittenHistory.open(database);
  opened.defer(() => history.close());
  const log = online.openLog((_featurestore, _entityType, name) => sources.find((source) => source.name === name));
  const remove = log.remove.bind(log);
  log.remove = async (upTo) => {
    if (failingRemovals > 0) {
      failingRemovals -= 1;
      throw new Error('the disk is full');
    }
    await remove(upTo);
  };
  writer = await LoggedFeatureWriter.open({
    log,
    history,
    clock: () => now,
    onError: () => (failedDrains += 1),
    onUnknownRows: (rows) => (droppedRows += rows),
    delayMs: 5,
    retryMs: 5,
  });
  opened.defer(() => writer.close());
  database.beforeUse = (entities) => writer.drained(entities);
});
afterEach(() => opened.disposeAsync());

const write = (entityId: string, second: number) =>
  writer.write({
    entityType,
    rows: [{ entityId, timestamp: T(second), values: new Map([[entityType.features[0]!, BigInt(second)]]) }],
  });

const readOnline = async (): Promise<unknown[]> => {
  const { features } = entityType;
  const cells = await online.read({ entityType, entityIds: IDS, features, now });
  return cells.map(([cell]) => cell!.value);
};

/** The rows of the history, and its moments. */
const countHistory = async (): Promise<{ readonly rows: number; readonly moments: number }> =>
  database.use(async (connection) => {
    const table = `"${entityType.featurestore.name}"."counter.${sources[0]!.name}"`;
    const read = await connection.runAndReadAll(
      `SELECT count(*), count(DISTINCT (entity_id, event_timestamp)) FROM ${table}`,
    );
    const [rows, moments] = read.getRows()[0]!;
    return { rows: Number(rows), moments: Number(moments) };
  });

it(`rows that come twice, out of order and late are each stored once, and the newest is served (seed ${seed})`, async () => {
  const all = IDS.flatMap((id) => Array.from({ length: SECONDS }, (_, second) => ({ id, second })));
  // Each row is sent one to three times, in any order, by several writers at once.
  const sent = fc.sample(fc.shuffledSubarray([...all, ...all, ...all], { minLength: all.length }), {
    seed,
    numRuns: 1,
  })[0]!;
  const missing = all.filter((row) => !sent.includes(row));
  let acknowledged = 0;
  let duplicates = 0;
  const queue = [...sent, ...missing];
  const send = async (): Promise<void> => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      const outcome = await write(row.id, row.second);
      acknowledged += outcome.written;
      duplicates += outcome.duplicates;
    }
  };
  await Promise.all([send(), send(), send(), send()]);
  const history = await countHistory();
  console.log(
    `${sent.length + missing.length} rows sent: ${acknowledged} written, ${duplicates} duplicates, ` +
      `${acknowledged - history.moments} lost, ${history.rows - history.moments} doubled`,
  );
  expect(history).toEqual({ rows: all.length, moments: all.length });
  expect([acknowledged, duplicates]).toEqual([all.length, sent.length + missing.length - all.length]);
  expect(await readOnline()).toEqual(IDS.map(() => BigInt(SECONDS - 1)));
});

it('rows that are acknowledged while DuckDB is busy are served at once, and are in the history when it is free', async () => {
  const table = `"${entityType.featurestore.name}"."counter.${sources[0]!.name}"`;
  const blocking = await database.connect();
  onTestFinished(() => blocking.closeSync());
  // Another transaction changes the table: DuckDB then refuses every append to it.
  await blocking.run('BEGIN');
  await blocking.run(`ALTER TABLE ${table} ADD COLUMN busy INTEGER`);
  // And a query takes its threads.
  const busy = new AbortController();
  const working = (async () => {
    const query = await database.connect();
    while (!busy.signal.aborted) await query.run('SELECT count(*) FROM range(3000000) AS a WHERE hash(a) % 7 = 3');
    query.closeSync();
  })();
  let acknowledged = 0;
  for (let second = 0; second < SECONDS; second += 1) {
    for (const id of IDS) acknowledged += (await write(id, second)).written;
    expect(await readOnline()).toEqual(IDS.map(() => BigInt(second)));
  }
  await until(() => failedDrains > 0);
  expect(writer.backlog.rows).toBe(acknowledged);
  await blocking.run('ROLLBACK');
  busy.abort();
  await working;
  await until(() => writer.backlog.rows === 0);
  const history = await countHistory();
  console.log(
    `DuckDB busy: ${acknowledged} rows acknowledged, ${failedDrains} failed attempts, ` +
      `${acknowledged - history.moments} lost, ${history.rows - history.moments} doubled`,
  );
  expect(history).toEqual({ rows: acknowledged, moments: acknowledged });
});

it('a row of the future whose source left the registry is dropped when its time comes, and is counted', async () => {
  await write('x', 2000);
  await write('x', 1);
  await writer.drained();
  expect(await readOnline()).toEqual([1n, null, null]);
  sources = [];
  now = T(2001);
  // A write brings the due rows first; it is of the present registry.
  await write('y', 3);
  expect(droppedRows).toBe(1);
  expect(await readOnline()).toEqual([1n, 3n, null]);
});

it('rows that DuckDB has and the log cannot remove come to DuckDB once', async () => {
  failingRemovals = 3;
  for (let second = 0; second < 6; second += 1) {
    await write('x', second);
    await writer.drained().catch(() => undefined);
  }
  await write('x', 6);
  await writer.drained();
  expect(await countHistory()).toEqual({ rows: 7, moments: 7 });
  expect(writer.backlog.rows).toBe(0);
  expect(failingRemovals).toBe(0);
});
