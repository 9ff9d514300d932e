import type { Instant } from '../../values/instant.js';
import type { OnlineWrite } from '../online/online-store.js';
import type { FeatureSource } from '../registry/model.js';
import type { OfflineStore } from './offline-store.js';

/** An offline store that computes the values of sources from their SQL and files. ingestion/prepare.ts updates it. */
export interface ImportingOfflineStore extends OfflineStore {
  /** The fingerprint of a source's last import; undefined when there was none. */
  importedFrom(source: FeatureSource): Promise<string | undefined>;

  /**
   * Replaces the values of a source by the result of its SQL and stores the fingerprint, in one step: if the process is
   * killed before the end, the old values stay. `onProgress` receives the completed share, 0 to 1.
   */
  import(
    source: FeatureSource,
    from: string,
    onProgress: (share: number) => void,
    signal?: AbortSignal,
  ): Promise<ImportedRows>;

  /**
   * `newest` of the rows between two moments, inclusive: of each feature the newest value among them. Nothing for a
   * static source.
   */
  newestBetween(
    source: FeatureSource,
    between: { readonly from: Instant; readonly asOf: Instant },
  ): AsyncIterable<OnlineWrite[]>;

  /** Records that the values of the last import were found up to date: its time is now. */
  confirmImport(source: FeatureSource): Promise<void>;

  /** The newest time among the rows of a source, and the time of its last import. */
  sourceState(source: FeatureSource): Promise<SourceState>;

  /** The rows whose time is after a moment: they are not known yet. */
  countFutureRows(source: FeatureSource, asOf: Instant): Promise<FutureRows>;
}

export interface ImportedRows {
  readonly rows: bigint;
  /** The number of rows without an id or a time, which are not history. */
  readonly rejected: number;
  /** Whether two rows have the same entity and time. */
  readonly hasTies: boolean;
}

export interface FutureRows {
  readonly rows: number;
  /** The time of the earliest of them; null when there are none. */
  readonly earliest: Instant | null;
}

export interface SourceState {
  /** null for a static source, and without rows. */
  readonly newestTimestamp: Instant | null;
  /** The time of the last import; null when there was none. */
  readonly importedAt: Instant | null;
}
