import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { DuckDbWrittenHistory } from '../../../datasources/offline/duckdb/duckdb-written-history.js';
import { LmdbOnlineStore } from '../../../datasources/online/lmdb/lmdb-online-store.js';
import { LoggedFeatureWriter } from '../../../ingestion/writes/logged-feature-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testEntityType } from '../../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const entityType = testEntityType({ name: 'counter', sources: [{ features: [{ name: 'a', valueType: 'INT64' }] }] });
const onlineIn = (folder: string): string => join(folder, 'online');
const offlineIn = (folder: string): string => join(folder, 'offline');

/** Opens the stores of a folder, writes a row, and closes them. */
async function writeRow(folder: string, second: bigint): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const database = await DuckDbDatabase.open(offlineIn(folder));
  opened.defer(() => database.close());
  await DuckDbOfflineStore.open(database, entityType.sources);
  const online = new LmdbOnlineStore(onlineIn(folder));
  opened.defer(() => online.close());
  const history = await DuckDbWrittenHistory.open(database);
  opened.defer(() => history.close());
  const log = online.openLog(() => entityType.sources[0]);
  const onError = (error: unknown): never => {
    throw error;
  };
  const writer = await LoggedFeatureWriter.open({ log, history, clock: () => NOW, onError, onUnknownRows: onError });
  opened.defer(() => writer.close());
  const values = new Map([[entityType.features[0]!, second]]);
  await writer.write({ entityType, rows: [{ entityId: 'x', timestamp: NOW - second * 1_000_000n, values }] });
}

it.each([
  ['online', onlineIn],
  ['offline', offlineIn],
])(
  'a data folder whose %s store was restored alone is refused, and the whole one of that moment is not',
  async (older, pathIn) => {
    const folder = temporaryFolder();
    const backup = join(temporaryFolder(), 'backup');
    await writeRow(folder, 1n);
    cpSync(folder, backup, { recursive: true });
    await writeRow(folder, 2n);

    rmSync(pathIn(folder), { recursive: true });
    cpSync(pathIn(backup), pathIn(folder), { recursive: true });
    await expect(writeRow(folder, 3n)).rejects.toThrow(`the ${older} store lacks rows that the other one has`);
    await writeRow(backup, 3n);
  },
);

it('a data folder whose offline store was removed alone is refused', async () => {
  const folder = temporaryFolder();
  await writeRow(folder, 1n);
  rmSync(offlineIn(folder), { recursive: true });
  await expect(writeRow(folder, 2n)).rejects.toThrow('the offline store lacks rows');
});
