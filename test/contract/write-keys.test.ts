import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openRows } from '../../datasources/google/bigtable/open-rows.js';
import { JOBS_FAMILY } from '../../datasources/job-store/bigtable/jobs-family.js';
import { BigtableWriteKeys } from '../../datasources/online/bigtable/bigtable-write-keys.js';
import { LmdbWriteKeys } from '../../datasources/online/lmdb/lmdb-write-keys.js';
import type { WriteKeys } from '../../datasources/online/write-keys.js';
import { KeyedWrites } from '../../ingestion/writes/keyed-writes.js';
import { systemClock } from '../../values/clock.js';
import {
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import { createJobsTable } from '../support/google/bigtable-job-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function itRemembersWrites(open: () => Promise<WriteKeys>): void {
  it('takes a key once, and keeps its result', async () => {
    const keys = await open();
    expect(await keys.find('a')).toBeUndefined();
    expect(await keys.take('a', 'digest-1')).toBeUndefined();
    expect(await keys.take('a', 'digest-2')).toMatchObject({ digest: 'digest-1', result: null });
    await keys.finish('a', { digest: 'digest-1', result: '{"written":1}' });
    const finished = { digest: 'digest-1', result: '{"written":1}' };
    expect(await keys.find('a')).toMatchObject(finished);
    expect(await keys.take('a', 'digest-1')).toMatchObject(finished);
    expect(await keys.find('b')).toBeUndefined();
  });

  it('gives a repeated request the first result, and refuses another request', async () => {
    const writes = new KeyedWrites(await open());
    let count = 0;
    const write = async () => ({ written: (count += 1) });
    expect(await writes.run('key', { rows: [1] }, write)).toEqual({ written: 1 });
    expect(await writes.run('key', { rows: [1] }, write)).toEqual({ written: 1 });
    await expect(writes.run('key', { rows: [2] }, write)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(count).toBe(1);
  });
}

describe('idempotency keys of writes in LMDB', () => {
  itRemembersWrites(async () => {
    const keys = new LmdbWriteKeys(join(temporaryFolder(), 'write-keys'), 100);
    onTestFinished(() => keys.close());
    return keys;
  });
});

describeWithBigtable('idempotency keys of writes in Bigtable', () => {
  let emulator: BigtableEmulator;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());

  /** Opens keys of one table, each as a gateway of its own. */
  async function openTable() {
    const table = await createJobsTable(emulator);
    return async (clock = systemClock, limits = { maxKeysPerDay: 1_000_000, keysPerCount: 1_000 }) => {
      const address = { table, family: JOBS_FAMILY, deadlineMs: 30_000, newId: randomUUID };
      const { rows, close } = await openRows('The keys', { ...address, apiEndpoint: emulator.endpoint });
      const keys = new BigtableWriteKeys({ rows, clock, close, ...limits });
      onTestFinished(() => keys.close());
      return { keys, rows };
    };
  }

  itRemembersWrites(async () => (await (await openTable())()).keys);

  it('give the retry at another gateway the result of the first one, also while that is writing', async () => {
    const open = await openTable();
    const gateways = await Promise.all([open(), open(), open()]);
    let count = 0;
    const results = await Promise.all(
      gateways.map(({ keys }) =>
        new KeyedWrites(keys).run('key', { rows: [1] }, async () => {
          count += 1;
          await sleep(300);
          return { written: count };
        }),
      ),
    );
    expect(results).toEqual([{ written: 1 }, { written: 1 }, { written: 1 }]);
    expect(count).toBe(1);
  });

  it('are known on the next day, and removed after it', async () => {
    const open = await openTable();
    const day = 86_400_000_000n;
    let now = 20_000n * day + day / 2n;
    const { keys, rows } = await open(() => now);
    const stored = async () => (await rows.scan({ prefix: 'write/' })).length;
    for (let key = 0; key < 15; key += 1) await keys.take(`old-${key}`, 'digest');
    now += day;
    expect(await keys.find('old-3')).toEqual({ digest: 'digest', result: null });
    expect(await keys.take('old-3', 'digest')).toEqual({ digest: 'digest', result: null });
    expect(await stored()).toBe(15);
    now += day;
    expect(await keys.find('old-3')).toBeUndefined();
    for (let key = 0; key < 10; key += 1) await keys.take(`new-${key}`, 'digest');
    expect(await stored()).toBe(10);
  });

  it('has a number of new keys a day, for all gateways together, and knows those that it has', async () => {
    const day = 86_400_000_000n;
    let now = 20_000n * day;
    const open = await openTable();
    const limits = { maxKeysPerDay: 6, keysPerCount: 2 };
    const [first, second] = [await open(() => now, limits), await open(() => now, limits)];
    for (const key of ['a', 'b', 'c', 'd']) expect(await first.keys.take(key, 'digest')).toBeUndefined();
    for (const key of ['e', 'f']) expect(await second.keys.take(key, 'digest')).toBeUndefined();
    await expect(second.keys.take('g', 'digest')).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await second.keys.take('a', 'digest')).toMatchObject({ digest: 'digest' });
    now += day;
    expect(await second.keys.take('g', 'digest')).toBeUndefined();
  });
});
