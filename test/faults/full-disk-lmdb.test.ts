import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'lmdb';
import { expect, it, onTestFinished } from 'vitest';
import { clearDatabase, openLmdb, transact } from '../../runtime/lmdb.js';
import { canMount, fillDisk, mountSmallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

it.skipIf(!canMount())(
  'a change of LMDB and the removal of all rows on a full disk fail with the reason, and no rejection stays unhandled (needs root, for a small tmpfs)',
  async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const path = join(temporaryFolder(), 'data');
    mountSmallDisk(path, 16);
    const environment = openLmdb({ path, maxDbs: 2 });
    onTestFinished(() => environment.close());
    const rows: Database<Buffer, string> = environment.openDB('rows', { encoding: 'binary' });
    const value = Buffer.alloc(2_000, 7);
    await transact(environment, () => {
      for (let key = 0; key < 1_000; key += 1) void rows.put(`row ${key}`, value);
    });

    const ballast = join(path, 'ballast');
    fillDisk(ballast);
    const failure = { message: 'LMDB did not commit a transaction', cause: { message: /No space left/ } };
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const cleared = await clearDatabase(rows).catch((error: unknown) => error);
      expect(cleared).toMatchObject({
        message: failure.message,
        cause: { message: expect.stringMatching(failure.cause.message) },
      });
      await expect(transact(environment, () => void rows.put('another', value))).rejects.toMatchObject({
        message: failure.message,
      });
    }
    expect(rows.getKeysCount()).toBe(1_000);

    rmSync(ballast);
    await clearDatabase(rows);
    expect(rows.getKeysCount()).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  },
);
