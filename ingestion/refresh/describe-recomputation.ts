import { stat } from 'node:fs/promises';
import { findNamedFiles } from '../../datasources/files/named-files.js';
import type { ImportingOfflineStore } from '../../datasources/offline/importing-offline-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import { listReadTables } from '../../datasources/registry/read-tables.js';
import { toNoFiles } from '../source-fingerprint.js';

/** A source whose values are out of date, and how much a computation of it reads and replaces. */
export interface RecomputedSource {
  readonly featurestore: string;
  readonly entityType: string;
  readonly source: string;
  /** The stored rows that are replaced; null for a source that is new. */
  readonly rows: bigint | null;
  /** The size of the files that its SQL reads: an incremental refresh reads only those that changed. */
  readonly bytes: bigint;
  /** Whether old values are served during the computation; otherwise `apply` waits for it. */
  readonly isServedMeanwhile: boolean;
}

/** `stored` is the source by the name that its values have now; null if it was never computed. No file is opened. */
export async function describeRecomputation(
  source: FeatureSource,
  stored: FeatureSource | null,
  offline: Pick<ImportingOfflineStore, 'countRows'>,
): Promise<RecomputedSource> {
  let bytes = 0n;
  for (const [, { path, name, format }] of listReadTables(source)) {
    const found = await findNamedFiles(path, name, { format, within: null }).catch(toNoFiles);
    for (const { path: file } of found?.files ?? []) {
      // A file that was deleted meanwhile is not read.
      bytes += (await stat(file, { bigint: true }).catch(() => ({ size: 0n }))).size;
    }
  }
  const { entityType } = source;
  return {
    featurestore: entityType.featurestore.name,
    entityType: entityType.name,
    source: source.name,
    rows: stored && (await offline.countRows(stored)),
    bytes,
    isServedMeanwhile: stored !== null,
  };
}
