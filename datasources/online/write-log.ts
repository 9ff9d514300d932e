import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { EntityType, FeatureSource } from '../registry/model.js';
import type { OnlineWrite } from './online-store.js';
import type { SourceVersions } from './source-versions.js';

/**
 * The port of the log of writes: an embedded online store and a log of the rows that the offline store does not have
 * yet. One transaction changes both, so a row is in both or in neither.
 */
export interface WriteLog {
  /** Identifies the log: its sequence numbers begin anew when the file is deleted. */
  readonly id: string;

  /** The sequence number of the last commit, and the greatest creation time; 0 for a new log. */
  readonly last: { readonly sequence: number; readonly created: Instant };

  /** They change with each commit. A caller that deletes entities does it within `changing`. */
  readonly versions: SourceVersions;

  /** Finds stored entities. Use the function at once: the store may have changed later. */
  finder(entityType: EntityType): FindEntity;

  /** Adds a commit: all of it is durable when this returns, or nothing of it. */
  commit(commit: LogCommit): Promise<void>;

  /** The commits after a sequence number, in order, until they have `maxRows` rows together. */
  read(after: number, maxRows: number): LoggedCommits;

  /** The sequence number of the last commit that the file does not have any more. */
  readonly removed: number;

  /** Removes the commits up to a sequence number: the offline store has them. The file may keep them for a while. */
  remove(upTo: number): Promise<void>;

  /** Ends each removal. Call it when no commit and no removal runs, before rows are deleted, renamed or copied. */
  settle(): Promise<void>;

  /** The event time of the earliest future row; undefined when there is none. */
  earliestFuture(): Instant | undefined;

  /** Moves at most `maxRows` future rows that are due into the online store. */
  promote(now: Instant, maxRows: number): Promise<PromotedRows>;

  /** Stores the future rows by the present names of their entity type, source and features. */
  renameFuture(): Promise<void>;

  /** Deletes the online values and the future rows of entities. */
  deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<void>;
}

/** Finds an entity; undefined for an unknown one. What it returns is valid until the next call. */
export type FindEntity = (entityId: string) => StoredEntity | undefined;

/** The newest values of an entity by slot (merge-rule.ts). */
export type StoredEntity = (
  slot: string,
) => { readonly timestamp: Instant | null; readonly value: RawValue | null } | undefined;

export interface LogCommit {
  readonly sequence: number;
  readonly created: Instant;
  /** All rows, for the offline store. */
  readonly rows: readonly OnlineWrite[];
  /** The rows among them whose event time is in the future: the online store gets them at that time. */
  readonly future: ReadonlySet<OnlineWrite>;
}

export interface LoggedCommits {
  /** The sequence number of the last of them; undefined when there is none. */
  readonly upTo: number | undefined;
  readonly rows: readonly OnlineWrite[];
  /** Rows of sources that the registry no longer has. */
  readonly unknownRows: number;
}

export interface PromotedRows {
  /** The number of all rows that were due. */
  readonly due: number;
  /** Those that were brought into the online store. */
  readonly rows: readonly OnlineWrite[];
  /** Those among them whose source the registry no longer has: they are dropped. */
  readonly unknownRows: number;
}

/** Finds a source of the current registry. */
export type FindSource = (featurestore: string, entityType: string, source: string) => FeatureSource | undefined;
