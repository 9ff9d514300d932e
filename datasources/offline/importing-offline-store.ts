import type { Instant } from '../../values/instant.js';
import type { FeatureSource } from '../registry/model.js';
import type { OfflineStore } from './offline-store.js';

/** An offline store that computes the values of sources from their SQL and files. ingestion/prepare.ts brings it up to date. */
export interface ImportingOfflineStore extends OfflineStore {
  /** What a source was last imported from (see import); undefined when it never was. */
  importedFrom(source: FeatureSource): Promise<string | undefined>;

  /**
   * Replaces the values of a source by what its SQL computes, and remembers what from, in one step: a process killed in the
   * middle leaves what was there before. `onProgress` is told the share that is done, 0 to 1.
   */
  import(source: FeatureSource, from: string, onProgress: (share: number) => void): Promise<ImportedRows>;

  /** The rows that are not known yet at a moment, as their time is after it. */
  countFutureRows(source: FeatureSource, asOf: Instant): Promise<FutureRows>;
}

export interface ImportedRows {
  readonly rows: bigint;
  /** Rows without id or time, which are not history. */
  readonly rejected: number;
  /** Two rows of one entity and time are among them. */
  readonly hasTies: boolean;
}

export interface FutureRows {
  readonly rows: number;
  /** The time of the earliest of them; null when there are none. */
  readonly earliest: Instant | null;
}
