import { afterAll, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../../datasources/duckdb/database.js';
import { interruptOnAbort } from '../../../../datasources/duckdb/interrupt-on-abort.js';

/** Takes minutes when nothing ends it. */
const LONG_QUERY = 'SELECT sum(hash(a.i, b.i)) FROM range(1000000) a(i), range(1000000) b(i)';

const database = await DuckDbDatabase.open(':memory:');
afterAll(() => database.close());

it('ends a running query, rejects with the reason of the signal, and leaves the connection usable', async () => {
  await database.use(async (connection) => {
    const stop = new AbortController();
    const query = interruptOnAbort(connection, stop.signal, () => connection.run(LONG_QUERY));
    setTimeout(() => stop.abort(new Error('no longer wanted')), 50);
    await expect(query).rejects.toThrow('no longer wanted');
    expect((await connection.runAndReadAll('SELECT 1')).getRows()).toEqual([[1]]);
  });
});

it('ends a query that begins after it was told to stop', async () => {
  await database.use(async (connection) => {
    const stop = new AbortController();
    const query = interruptOnAbort(connection, stop.signal, async () => {
      stop.abort(new Error('no longer wanted'));
      await connection.run(LONG_QUERY);
    });
    await expect(query).rejects.toThrow('no longer wanted');
  });
});

it('begins no query when the signal was aborted before', async () => {
  await database.use(async (connection) => {
    let hasBegun = false;
    const query = interruptOnAbort(connection, AbortSignal.abort(new Error('no longer wanted')), async () => {
      hasBegun = true;
    });
    await expect(query).rejects.toThrow('no longer wanted');
    expect(hasBegun).toBe(false);
  });
});

it('passes on the error of a query that fails by itself', async () => {
  await database.use(async (connection) => {
    const { signal } = new AbortController();
    await expect(interruptOnAbort(connection, signal, () => connection.run('SELECT nothing'))).rejects.toThrow(
      'nothing',
    );
  });
});
