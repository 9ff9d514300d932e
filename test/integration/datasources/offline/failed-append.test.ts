import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { DuckDbDatabase } from '../../../../datasources/duckdb/database.js';
import { ensureHistoryTable } from '../../../../datasources/duckdb/history-table.js';
import { appendRows } from '../../../../datasources/offline/duckdb/append-rows.js';
import { DuckDbOfflineStore } from '../../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { testEntityType } from '../../../support/test-registry.js';

it('rows of a failed append are never written, also when its appender is collected as garbage', async () => {
  const { sources } = testEntityType({ name: 'counter', sources: [{ features: [{ name: 'a', valueType: 'INT64' }] }] });
  const [source] = sources;
  const database = await DuckDbDatabase.open(':memory:');
  onTestFinished(() => database.close());
  await DuckDbOfflineStore.open(database, sources);
  const table = `"${source!.entityType.featurestore.name}"."counter.${source!.name}"`;
  const [appending, changing] = [await database.connect(), await database.connect()];
  onTestFinished(() => [appending, changing].forEach((connection) => connection.closeSync()));
  const columns = await ensureHistoryTable(appending, source!);
  // Another transaction changes the table: DuckDB then refuses every append to it.
  await changing.run('BEGIN');
  await changing.run(`ALTER TABLE ${table} ADD COLUMN busy INTEGER`);
  const row = { entityId: 'x', timestamp: 1_000_000n, createdTimestamp: 1_000_000n, values: new Map([['a', 1n]]) };
  let failures = 0;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await appending.run('BEGIN');
    failures += await appendRows(appending, source!, [row], columns).then(
      () => 0,
      () => 1,
    );
    await appending.run('ROLLBACK');
  }
  await changing.run('ROLLBACK');
  expect(failures).toBe(20);
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 5; turn += 1) {
    collectGarbage();
    // Finalizers of native objects run in a later turn.
    await pause(10);
  }
  const read = await appending.runAndReadAll(`SELECT count(*) FROM ${table}`);
  expect(read.getRows()).toEqual([[0n]]);
});
