import type { FeatureCell } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { EntityType, Feature, FeatureSource } from '../registry/model.js';

/**
 * The online store: the newest values by entity id. The port behind which LMDB, Bigtable and Vertex feature views stand;
 * test/contract/online-store.contract.ts is what an adapter must keep.
 */
export interface OnlineStore {
  /**
   * The asked features of many entities: cells[i][j] is feature j of entity i. An entity or feature that is not there is
   * NOT_FOUND, a value older than its ttl at `now` is EXPIRED. The ids are canonical (values/entity-id.ts), at least one
   * (an empty key list is a full table scan in Bigtable) and at most `maxEntityIdsPerRead`.
   */
  read(request: OnlineRead): Promise<FeatureCell[][]>;

  /**
   * Keeps each write that is newer than what is there. Durable when it returns: an embedded store takes all writes in one
   * step, a distributed one an entity in one step. Repeating a write that failed half-way does no harm.
   */
  write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void>;

  /**
   * Forgets entities, for good in this store only: what is written of one afterwards makes it known again, also an old row.
   * An id that is not there is no error.
   */
  delete(entityType: EntityType, entityIds: readonly string[]): Promise<void>;

  /** How many entity ids one read takes; a caller with more splits them. */
  readonly maxEntityIdsPerRead: number;

  /** What it keeps of older values. Absent: only the newest. */
  readonly versions?: OnlineVersions | undefined;

  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** An online store that is filled from an offline one (ingestion), and remembers with what. */
export interface FillableOnlineStore extends OnlineStore {
  /**
   * What an entity type was last filled with; undefined when it never was, not to the end, or is being filled now. A failure
   * is told the operator, or when the gateway `isServing` by now (absent: false), fails as that of a read does.
   */
  currentFill(entityType: EntityType, isServing?: boolean): Promise<string | undefined>;

  /**
   * Replaces what is known of the computed sources (those with SQL) by what was computed now. Rows of other sources may have
   * come from elsewhere: of them it keeps the newest, as `write` does.
   *
   * In a store that many share, readers get of each entity and source what was or what comes, never nothing; and a
   * process that ends in the middle leaves a store that says it is not filled. Gives false when another process filled the
   * entity type meanwhile: little or nothing was done here, and `currentFill` says whether that was what is wanted.
   */
  fill(entityType: EntityType, filling: FillRequest): Promise<boolean>;
}

export interface FillRequest {
  /** What `currentFill` shall say when all is written. */
  readonly fingerprint: string;
  /** What `currentFill` said when it was decided to fill. */
  readonly expectedFill: string | undefined;
  /** The newest values of a source. All writes of one entity come together. */
  readonly readWrites: (source: FeatureSource) => AsyncIterable<readonly OnlineWrite[]>;
}

export interface OnlineRead {
  readonly entityType: EntityType;
  readonly entityIds: readonly string[];
  readonly features: readonly Feature[];
  readonly now: Instant;
  /** The value of an EXPIRED cell is given. Absent: it is null. */
  readonly includeExpired?: boolean;
}

/** The values of the last while, each as long as `retention` after a newer one took its place. */
export interface OnlineVersions {
  /** In microseconds. */
  readonly retention: bigint;

  /**
   * The asked features as of a past moment; undefined for a value that the store cannot say for certain: the offline store
   * knows it.
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
   * By feature name. In a dense entity type the features of the source that are absent become null, as the newest whole
   * row counts; otherwise nulls and absent features leave what is there.
   */
  readonly values: ReadonlyMap<string, RawValue | null>;
  /**
   * Nothing is said of the features that are absent, not even that the entity has no value of them: they were not looked at.
   * Not in a dense entity type, where the row is whole. Absent: false.
   */
  readonly isPartial?: boolean;
}

/**
 * What makes one value newer than another, in this order: the time at which it became true, the time at which it was
 * written, a sequence number, and last the order of arrival (a later write of an equal version wins). The point-in-time
 * compiler orders ties the same way, or online and offline would disagree.
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
