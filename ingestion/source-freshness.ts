import { stat } from 'node:fs/promises';
import type { ImportingOfflineStore, SourceState } from '../datasources/offline/importing-offline-store.js';
import { findNamedFiles } from '../datasources/files/named-files.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import { listReadTables } from '../datasources/registry/read-tables.js';
import type { Instant } from '../values/instant.js';
import { readInputState, toNoFiles } from './source-fingerprint.js';

export interface SourceFreshness {
  readonly name: string;
  readonly isComputed: boolean;
  readonly newestTimestamp: Instant | null;
  /** The newest event time that is not in the future: the source tells nothing of the time after it. */
  readonly newestKnownTimestamp: Instant | null;
  readonly refreshedAt: Instant | null;
  readonly filesChangedAt: Instant | null;
  readonly isBehind: boolean;
  readonly refreshSchedule: string | null;
}

const UNKNOWN: SourceState = { newestTimestamp: null, newestKnownTimestamp: null, importedAt: null, filesState: null };

/** How fresh a source is, from its rows and its files. `offline` is null for a source in another store. */
export async function readFreshness(
  source: FeatureSource,
  offline: Pick<ImportingOfflineStore, 'sourceState'> | null,
  now: Instant,
): Promise<SourceFreshness> {
  const state = (await offline?.sourceState(source, now)) ?? UNKNOWN;
  const filesChangedAt = await findFilesChangedAt(source);
  return {
    name: source.name,
    isComputed: source.sql !== null,
    newestTimestamp: state.newestTimestamp,
    newestKnownTimestamp: state.newestKnownTimestamp,
    refreshedAt: state.importedAt,
    filesChangedAt,
    isBehind: await isBehind(source, state, filesChangedAt),
    refreshSchedule: source.refreshSchedule,
  };
}

/** Whether the SQL, the columns or a file changed since the values were computed or found up to date. */
async function isBehind(
  source: FeatureSource,
  { importedAt, filesState }: SourceState,
  filesChangedAt: Instant | null,
): Promise<boolean> {
  if (source.sql === null || importedAt === null) return false;
  if (filesState !== null) return (await readInputState(source)) !== filesState;
  // An import of an earlier release recorded no files.
  return filesChangedAt !== null && filesChangedAt > importedAt;
}

async function findFilesChangedAt(source: FeatureSource): Promise<Instant | null> {
  let newest: Instant | null = null;
  for (const [, { path, name, format }] of listReadTables(source)) {
    const found = await findNamedFiles(path, name, { format, within: null }).catch(toNoFiles);
    for (const file of found?.files ?? []) {
      const state = await stat(file.path, { bigint: true }).catch(() => null);
      if (state === null) continue;
      const changedAt = state.mtimeNs / 1000n;
      if (newest === null || changedAt > newest) newest = changedAt;
    }
  }
  return newest;
}
