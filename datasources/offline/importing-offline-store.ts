import type { Instant } from '../../values/instant.js';
import type { OnlineWrite } from '../online/online-store.js';
import type { FeatureSource } from '../registry/model.js';
import type { ComputedViolation } from './computed-violation.js';
import type { OfflineStore } from './offline-store.js';

/** An offline store that computes the values of sources from their SQL and files. ingestion/prepare.ts updates it. */
export interface ImportingOfflineStore extends OfflineStore {
  /** The fingerprint of a source's last import; undefined when there was none. */
  importedFrom(source: FeatureSource): Promise<string | undefined>;

  /**
   * Computes the values of a source by its SQL and stores the fingerprint, in one step: if the process is killed before
   * the end, the old values stay. A source with a declaration computes only what changed, where that gives what the
   * whole SQL gives; otherwise the new values replace all. `onProgress` receives the completed share, 0 to 1. An entity
   * that is deleted meanwhile is not brought back.
   */
  import(
    source: FeatureSource,
    inputs: SourceInputs,
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

  /** Records that the values of the last import were found up to date with these files: its time is now. */
  confirmImport(source: FeatureSource, filesState: string): Promise<void>;

  /** The number of stored rows of a source that was imported or written. */
  countRows(source: FeatureSource): Promise<bigint>;

  /** The newest times among the rows of a source, and its last import. `asOf` separates rows of the future. */
  sourceState(source: FeatureSource, asOf: Instant): Promise<SourceState>;

  /**
   * From now on, imports of these sources leave out the entities that are deleted, also an import that has not begun yet.
   * Call the result to end this.
   */
  watchDeletions(sources: readonly FeatureSource[]): () => void;

  /** The rows whose time is after a moment: they are not known yet. */
  countFutureRows(source: FeatureSource, asOf: Instant): Promise<FutureRows>;
}

/** What the values of a source are computed from. */
export interface SourceInputs {
  /** Changes when any input changes. */
  readonly fingerprint: string;
  /** The names, sizes and times of all files of the tables that the SQL reads, as one text. */
  readonly filesState: string;
  /** null for a source without a declaration. */
  readonly incremental: IncrementalInputs | null;
}

export interface IncrementalInputs {
  /** Changes when any other input than the files of the declared table changes. */
  readonly base: string;
  /** The fingerprint of each file of the declared table, by its name. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether the files are those that were fingerprinted. Otherwise the next import computes the whole SQL. */
  readonly areUnchanged: () => Promise<boolean>;
}

export interface ImportedRows {
  /** All stored rows of the source. */
  readonly rows: bigint;
  /** The number of computed rows without an id or a time, which are not history. */
  readonly rejected: number;
  /** The number of computed rows that were left out, because they violate an expectation with QUARANTINE. */
  readonly leftOut: bigint;
  /** The expectations that the computed rows violate; none with REJECT, because the import then fails. */
  readonly violations: readonly ComputedViolation[];
  /** Whether two rows have the same entity and time. */
  readonly hasTies: boolean;
  /** The rows of the tables that the computation read. A file that it read twice counts once. */
  readonly rowsRead: bigint;
  /** The rows that it computed and stored. */
  readonly rowsComputed: bigint;
  /** Why the whole SQL ran; null when only what changed was computed. */
  readonly fullRefreshReason: FullRefreshReason | null;
  /**
   * The time of the earliest new row, where rows were only added and none of them has the entity and the time of an
   * older one; null without new rows. undefined: rows were replaced or removed.
   */
  readonly addedFrom?: Instant | null | undefined;
}

/**
 * Why the whole SQL of a source was computed: the registry declares no incremental refresh; it was the first
 * computation, or another input than the files of the declared table changed; or the files are not as declared.
 */
export const FULL_REFRESH_REASONS = [
  'NOT_DECLARED',
  'OTHER_INPUT_CHANGED',
  'FILE_REMOVED',
  'OLDER_ROWS_CHANGED',
  'COLUMNS_CHANGED',
] as const;
export type FullRefreshReason = (typeof FULL_REFRESH_REASONS)[number];

export interface FutureRows {
  readonly rows: number;
  /** The time of the earliest of them; null when there are none. */
  readonly earliest: Instant | null;
}

export interface SourceState {
  /** null for a static source, and without rows. */
  readonly newestTimestamp: Instant | null;
  /** The newest time up to `asOf`: of the rows that are known. */
  readonly newestKnownTimestamp: Instant | null;
  /** The time of the last import; null when there was none. */
  readonly importedAt: Instant | null;
  /** SourceInputs.filesState of the last import or confirmation; null when it is not known. */
  readonly filesState: string | null;
}
