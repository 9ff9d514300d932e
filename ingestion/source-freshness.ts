import { stat } from 'node:fs/promises';
import type { ImportingOfflineStore } from '../datasources/offline/importing-offline-store.js';
import { findNamedFiles } from '../datasources/files/named-files.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import { listReadTables } from '../datasources/registry/read-tables.js';
import type { Instant } from '../values/instant.js';

export interface SourceFreshness {
  readonly name: string;
  readonly isComputed: boolean;
  readonly newestTimestamp: Instant | null;
  readonly refreshedAt: Instant | null;
  readonly filesChangedAt: Instant | null;
  readonly isBehind: boolean;
}

/** How fresh a source is, from its rows and its files. `offline` is null for a source in another store. */
export async function readFreshness(
  source: FeatureSource,
  offline: Pick<ImportingOfflineStore, 'sourceState'> | null,
): Promise<SourceFreshness> {
  const { newestTimestamp, importedAt } = (await offline?.sourceState(source)) ?? {
    newestTimestamp: null,
    importedAt: null,
  };
  const filesChangedAt = await findFilesChangedAt(source);
  return {
    name: source.name,
    isComputed: source.sql !== null,
    newestTimestamp,
    refreshedAt: importedAt,
    filesChangedAt,
    isBehind: filesChangedAt !== null && importedAt !== null && filesChangedAt > importedAt,
  };
}

async function findFilesChangedAt(source: FeatureSource): Promise<Instant | null> {
  let newest: Instant | null = null;
  for (const [, { path, name, format }] of listReadTables(source)) {
    const found = await findNamedFiles(path, name, { format, within: null });
    for (const file of found?.files ?? []) {
      const { mtimeNs } = await stat(file.path, { bigint: true });
      const changedAt = mtimeNs / 1000n;
      if (newest === null || changedAt > newest) newest = changedAt;
    }
  }
  return newest;
}
