import type { FeatureCell } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { OnlineWrite } from '../online/online-store.js';
import type { EntityType, Feature, FeatureSource } from '../registry/model.js';
import type { PointInTimeOptions } from './point-in-time/plan.js';

/**
 * The offline store: all values ever, in columns. The port behind which DuckDB and BigQuery stand;
 * test/contract/offline-store.contract.ts and the point-in-time cases are what an adapter must keep.
 */
export interface OfflineStore {
  /**
   * What was known of each label's entity at each label's time, in one query: cells[i][j] is feature j of label i.
   * The rules are docs/point-in-time.md. One row out per label in, in order, also for duplicates; a label without id or
   * time is NOT_FOUND throughout. Rejects with the reason of the signal when that is aborted.
   */
  pointInTime(read: PointInTimeRead): Promise<FeatureCell[][]>;

  /** The bytes a point-in-time read scans at most, before it runs and without running it: what a warehouse bills. */
  estimateBytes(read: PointInTimeRead): Promise<bigint>;

  /** The values one feature of one entity has had, the newest first. One value per moment: the newest arrival. */
  history(read: HistoryRead): Promise<HistoryEntry[]>;

  /**
   * Every row of some entities, in the order of arrival as far as the store knows it. Nothing is chosen: what other reads
   * give is checked by them.
   */
  rows(read: RowsRead): AsyncIterable<FeatureRow[]>;

  /** Adds rows to a source. Rows that cannot be history (no id, no time) are given back; the others are durable. */
  append(source: FeatureSource, rows: readonly FeatureRow[]): Promise<AppendOutcome>;

  /**
   * The newest values of every entity, for filling an online store, in batches; an entity is in one of them. Rejects with
   * the reason of the signal when that is aborted.
   */
  newest(source: FeatureSource, read?: NewestRead): AsyncIterable<OnlineWrite[]>;

  /** The bytes that `newest` scans at most, as estimateBytes says them. */
  estimateNewestBytes(source: FeatureSource, read?: NewestRead): Promise<bigint>;

  /** Ids of entities with rows in any source, each at most once: `count` of them at random, or all when there are fewer. */
  sampleEntityIds(entityType: EntityType, count: number): Promise<string[]>;

  /** How many labels one point-in-time read takes; a caller with more splits them, or has `bulk`. */
  readonly maxLabelsPerRead: number;

  /** For labels by the million, where each read scans a source anew and is billed for it; absent where that costs nothing. */
  readonly bulk?: BulkReads | undefined;

  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** A read that is given up when nobody waits for it any more. */
export interface Abortable {
  /** Aborted: the read rejects with its reason, and what it started in a warehouse is cancelled there, not billed to its end. */
  readonly signal?: AbortSignal | undefined;
}

export interface PointInTimeRead extends Abortable {
  readonly entityType: EntityType;
  readonly labels: readonly EntityMoment[];
  readonly features: readonly Feature[];
  readonly options?: Partial<PointInTimeOptions>;
  /** Instead of the ttls of the registry, in microseconds; undefined: those of the registry. null: any age. */
  readonly ttl?: bigint | null | undefined;
}

/** Whose features, and as of when. */
export interface EntityMoment {
  readonly entityId: string | null;
  readonly time: Instant | null;
}

export interface NewestRead extends Abortable {
  /** Without the rows after this moment: they are not known yet. Absent: all of them. */
  readonly asOf?: Instant;
  /**
   * Only these, of whatever source; others are not read, since a warehouse bills by column, and the writes of a source that
   * has others are partial. Absent: all of them.
   */
  readonly features?: readonly Feature[];
}

/** Which of a source's features `newest` reads. In a dense entity type it is whole rows: a feature left out would be null. */
export function newestFeatures(source: FeatureSource, { features }: NewestRead): readonly Feature[] {
  if (!features || source.entityType.dense) return source.features;
  return source.features.filter((feature) => features.includes(feature));
}

export interface BulkReads {
  /** How many labels one read takes. */
  readonly maxLabels: number;

  /**
   * What pointInTime gives, of the features of one source, scanned once however many labels there are. In batches, in no
   * order; a label that is in none of them is NOT_FOUND throughout.
   */
  pointInTime(read: BulkRead): AsyncIterable<readonly LabelCells[]>;
}

/** How many labels a store joins with a source each time it scans it. */
export function labelsPerScan({ bulk, maxLabelsPerRead }: Pick<OfflineStore, 'bulk' | 'maxLabelsPerRead'>): number {
  return bulk?.maxLabels ?? maxLabelsPerRead;
}

export interface BulkRead extends Omit<PointInTimeRead, 'labels'> {
  readonly labels: LabelPages;
}

/** Labels that are not all in memory. */
export interface LabelPages {
  readonly count: number;
  /** Those from a number on, up to another and without it. The same however often it is asked. */
  readonly page: (from: number, to: number) => Promise<readonly EntityMoment[]>;
}

export interface LabelCells {
  /** The number of the label, from 0. */
  readonly label: number;
  readonly cells: readonly FeatureCell[];
}

export interface HistoryRead extends Abortable {
  readonly feature: Feature;
  readonly entityId: string;
  /** Inclusive; null for no bound. */
  readonly from: Instant | null;
  /** Inclusive; null for no bound. */
  readonly to: Instant | null;
  /** Only values older than this one: where the page before ended. */
  readonly before: Instant | null;
  /** Only rows written by this moment; null or absent: whenever they were written. A source without a creation time refuses it. */
  readonly knownAt?: Instant | null;
  readonly limit: number;
}

export interface RowsRead extends Abortable {
  readonly source: FeatureSource;
  readonly entityIds: readonly string[];
  /** Of the source. A row has the values of these. */
  readonly features: readonly Feature[];
  /** Inclusive. */
  readonly to: Instant;
}

export interface HistoryEntry {
  readonly value: RawValue | null;
  /** null for a static feature, whose one value holds at all times. */
  readonly timestamp: Instant | null;
}

/** Values of one entity that became true together. */
export interface FeatureRow {
  readonly entityId: string | null;
  readonly timestamp: Instant | null;
  readonly createdTimestamp?: Instant | null;
  readonly sequence?: bigint | null;
  readonly values: ReadonlyMap<string, RawValue | null>;
}

export interface AppendOutcome {
  readonly appended: number;
  readonly rejected: readonly { readonly row: number; readonly reason: string }[];
}
