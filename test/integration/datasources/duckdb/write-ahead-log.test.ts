import { copyFileSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DuckDBInstance } from '@duckdb/node-api';
import { DuckDbDatabase } from '../../../../datasources/duckdb/database.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** A file whose one row is in its write-ahead log, and that log. */
async function unfinished(): Promise<{ readonly path: string; readonly log: Buffer }> {
  const folder = temporaryFolder();
  const instance = await DuckDBInstance.create(join(folder, 'first.duckdb'));
  const connection = await instance.connect();
  await connection.run('CREATE TABLE t (a INT)');
  await connection.run('CHECKPOINT');
  await connection.run('INSERT INTO t VALUES (1)');
  // As a killed process leaves it.
  const path = join(folder, 'offline.duckdb');
  copyFileSync(join(folder, 'first.duckdb'), path);
  const log = readFileSync(join(folder, 'first.duckdb.wal'));
  connection.closeSync();
  instance.closeSync();
  return { path, log };
}

async function countRows(path: string): Promise<unknown> {
  const database = await DuckDbDatabase.open(path);
  try {
    return await database.use(
      async (connection) => (await connection.runAndReadAll('SELECT count(*) FROM t')).getRows()[0]![0],
    );
  } finally {
    database.close();
  }
}

it('a write-ahead log of a killed process gives its rows', async () => {
  const { path, log } = await unfinished();
  writeFileSync(`${path}.wal`, log);
  expect(await countRows(path)).toBe(1n);
});

it('a log that was torn in its first entry is one without rows', async () => {
  const { path, log } = await unfinished();
  for (const torn of [log.subarray(0, 3), Buffer.alloc(100), Buffer.alloc(0)]) {
    writeFileSync(`${path}.wal`, torn);
    expect(await countRows(path)).toBe(0n);
  }
});

it('foreign content in its place is a fault of the start, in one message that says what to do', async () => {
  const { path, log } = await unfinished();
  const flipped = Buffer.from(log);
  flipped[2]! ^= 0xff;
  for (const damaged of [Buffer.from('garbage '.repeat(20)), flipped]) {
    writeFileSync(`${path}.wal`, damaged);
    await expect(DuckDbDatabase.open(path)).rejects.toMatchObject({
      faults: [expect.stringMatching(/write-ahead log .*offline\.duckdb\.wal is damaged.*Restore .* or remove/s)],
    });
    // It is still there: nothing was overwritten.
    expect(readFileSync(`${path}.wal`)).toEqual(damaged);
  }
});
