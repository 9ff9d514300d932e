import type { FeatureCell } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import type { RowTexts } from '../../values/row-texts.js';
import type { RawValue } from '../../values/value-type.js';
import type { EntityType, Feature, FeatureSource } from '../registry/model.js';

/**
 * The port of the online store: the newest values by entity id. Its adapters are LMDB, Bigtable and Vertex feature
 * views. Every adapter must pass test/contract/online-store.contract.ts.
 */
export interface OnlineStore {
  /**
   * Returns the requested features of many entities: cells[i][j] is feature j of entity i. A missing entity or feature
   * is NOT_FOUND; a value older than its ttl at `now` is EXPIRED. The ids are canonical (values/entity-id.ts). There is
   * at least one, because an empty key list is a full table scan in Bigtable, and at most `maxEntityIdsPerRead`.
   */
  read(request: OnlineRead): Promise<FeatureCell[][]>;

  /**
   * The same cells as `read`, as JSON for clients, without an object for each. Absent: the caller makes the texts from the
   * cells.
   */
  readTexts?(request: OnlineRead): Promise<RowTexts[]>;

  /**
   * Stores each write that is newer than the stored value. The writes are durable when it returns. An embedded store
   * applies all writes in one step, a distributed store one entity in one step. Repeating a write that failed half-way
   * is safe.
   */
  write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void>;

  /**
   * Deletes entities, from this store only. A later write of a deleted entity restores it, even a write of an old row.
   * An unknown id is not an error.
   */
  delete(entityType: EntityType, entityIds: readonly string[]): Promise<void>;

  /**
   * Why this store can never take a write; undefined when it can. `write` rejects such a write, with all others of its
   * call. Absent: the store takes every write.
   */
  readonly findWriteFault?: ((write: OnlineWrite, now: Instant) => WriteFault | undefined) | undefined;

  /** The maximum number of entity ids per read; a caller with more splits them. */
  readonly maxEntityIdsPerRead: number;

  /** Reads of older values. Absent: the store has only the newest. */
  readonly versions?: OnlineVersions | undefined;

  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** An online store that ingestion fills from an offline store. It stores the fingerprint of the last fill. */
export interface FillableOnlineStore extends OnlineStore {
  /**
   * The fingerprint of an entity type's last fill; undefined when the fill never happened, did not finish or runs now.
   * When the gateway `isServing` (default: false), an error is that of a read; otherwise it is an error for the
   * operator.
   */
  currentFill(entityType: EntityType, isServing?: boolean): Promise<string | undefined>;

  /**
   * Replaces the values of the computed sources (those with SQL) by the newly computed values. Rows of other sources
   * may come from clients, so the store keeps the newest of them, as `write` does.
   *
   * In a shared store, readers get for each entity and source the old values or the new ones, and never nothing. A
   * process that ends during a fill leaves a store that is marked as not filled. Returns false when another process
   * filled the entity type meanwhile. Then this call did little or nothing, and `currentFill` tells whether the other
   * fill is the wanted one.
   */
  fill(entityType: EntityType, filling: FillRequest): Promise<boolean>;

  /**
   * Whether readers get the values of a completed fill, also while another fill runs or after one failed. Absent: the
   * gateway fills before it serves.
   */
  isServable?(entityType: EntityType): Promise<boolean>;

  /**
   * Adds values that became true or were computed since the last fill, and stores the new fingerprint, in one step.
   * Returns false when the store was filled otherwise meanwhile, or when the values are too many for one step. Absent:
   * only `fill` brings them.
   */
  extendFill?(entityType: EntityType, extension: FillExtension): Promise<boolean>;
}

export type FillExtension = FillRequest;

export interface FillRequest {
  /** The value of `currentFill` after the fill. */
  readonly fingerprint: string;
  /** The value of `currentFill` when the caller decided to fill. */
  readonly expectedFill: string | undefined;
  /** The newest values of a source. All writes of one entity come together. */
  readonly readWrites: (source: FeatureSource) => AsyncIterable<readonly OnlineWrite[]>;
  /** Receives now and then how many entities are written, counted for each source. Absent: they are not reported. */
  readonly onProgress?: ((entities: number) => void) | undefined;
}

export interface OnlineRead {
  readonly entityType: EntityType;
  readonly entityIds: readonly string[];
  readonly features: readonly Feature[];
  readonly now: Instant;
  /** Return the value of an EXPIRED cell. Absent: it is null. */
  readonly includeExpired?: boolean;
}

/** Reads of values of the recent past. Each value stays readable for `retention` after a newer one replaced it. */
export interface OnlineVersions {
  /** In microseconds. */
  readonly retention: bigint;

  /**
   * Returns the requested features as of a past moment. A value is undefined when the store cannot determine it; then
   * read it from the offline store.
   */
  readAsOf(request: OnlineReadAsOf): Promise<(FeatureCell | undefined)[][]>;
}

export interface OnlineReadAsOf extends OnlineRead {
  /** Not after `now`. */
  readonly asOf: Instant;
}

/** Values of one entity that became true together: a row of a source, or some of its columns. */
export interface OnlineWrite {
  readonly entityId: string;
  readonly source: FeatureSource;
  readonly version: ValueVersion;
  /**
   * By feature name. In a dense entity type, absent features of the source become null, because the newest whole row
   * counts. Otherwise nulls and absent features leave the stored values unchanged.
   */
  readonly values: ReadonlyMap<string, RawValue | null>;
  /**
   * The write does not change the absent features, and does not mark them NULL: they were not read. Not allowed in a
   * dense entity type, where the row is whole. Absent: false.
   */
  readonly isPartial?: boolean;
}

export interface WriteFault {
  /** The feature whose value is at fault; null: the event time is. */
  readonly feature: string | null;
  readonly message: string;
}

/**
 * What makes one value newer than another, in this order: its event time, its creation time, a sequence number and the
 * order of arrival (a later write of an equal version wins). The point-in-time compiler breaks ties in the same way;
 * otherwise online and offline values would differ.
 */
export interface ValueVersion {
  /** null in a static source. */
  readonly timestamp: Instant | null;
  readonly createdTimestamp: Instant | null;
  readonly sequence: bigint | null;
}

/** Negative when a is older than b. An unknown time is older than any known one. */
export function compareVersions(a: ValueVersion, b: ValueVersion): number {
  return (
    compareNullable(a.timestamp, b.timestamp) ||
    compareNullable(a.createdTimestamp, b.createdTimestamp) ||
    compareNullable(a.sequence, b.sequence)
  );
}

function compareNullable(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
