import type { HistoryRows } from '../offline/history-snapshot.js';
import type { HistoryEntry, HistoryRead, PointInTimeCell, PointInTimeRead } from '../offline/offline-store.js';
import type { FeatureSource } from '../registry/model.js';

/**
 * The port of the key-value history: a copy of the rows of some sources, ordered by entity and time. It answers the reads of
 * clients in microseconds, where a query of the offline store takes milliseconds. It holds a source as a whole or not at
 * all, and every answer is that of the offline store. Its adapter is in the LMDB file of the online store, and reads the rows
 * of the log that it has not stored yet.
 */
export interface EntityHistory {
  /** As OfflineStore.pointInTime, or why the offline store must answer. */
  pointInTime(read: PointInTimeRead): Promise<PointInTimeCell[][] | HistoryMiss>;

  /** As OfflineStore.history, or why the offline store must answer. */
  history(read: HistoryRead): HistoryEntry[] | HistoryMiss;

  /** What is stored of a source, whether it is confirmed or not; undefined: nothing. */
  find(source: FeatureSource): StoredHistory | undefined;

  isConfirmed(source: FeatureSource): boolean;

  /** Changes with each `suspend`. */
  epoch(source: FeatureSource): number;

  /**
   * Answers reads of a source from now on: its stored rows are those of the offline store. Does nothing when the source was
   * suspended since `epoch` was read.
   */
  confirm(source: FeatureSource, epoch: number): void;

  /** Answers no reads of a source until it is confirmed again: its rows in the offline store are replaced. */
  suspend(source: FeatureSource): void;

  /** Begins to build the rows of a source beside those that are stored. One build of a source runs at a time. */
  begin(source: FeatureSource): Promise<HistoryBuild>;

  /** Removes what is stored of all sources but these. */
  dropOthers(sources: readonly FeatureSource[]): Promise<void>;
}

/** Why the history does not answer: it does not have the rows now, or the answer needs a look at too many of them. */
export type HistoryMiss = 'ABSENT' | 'LONG_SCAN' | 'NO_CREATION_TIME';

export function isMiss<Answer>(answer: Answer | HistoryMiss): answer is HistoryMiss {
  return typeof answer === 'string';
}

export interface StoredHistory {
  /** The version of the source in the offline store that the rows were copied from. */
  readonly version: string;
  readonly rows: number;
  /** The names of the features whose values were copied. */
  readonly features: readonly string[];
}

export interface HistoryBuild {
  /**
   * From now on, the build gets each row that is written, and leaves out each entity that is deleted. Call it while no write
   * and no deletion runs, when the snapshot that the build copies is open.
   */
  follow(): void;

  add(rows: HistoryRows): Promise<void>;

  /** Replaces the stored rows by those of the build, in one step. */
  complete(version: string): Promise<void>;

  /** Ends the build. Call it in any case; after `complete` it removes the rows that were replaced. */
  end(): Promise<void>;
}
