import type { FeatureCell } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { OnlineWrite } from '../online/online-store.js';
import type { EntityType, Feature, FeatureSource } from '../registry/model.js';
import type { EntityTime, EntityTimesEstimate, EntityTimesRead } from './entity-times.js';
import type { ExplainedRows, ExplainRead } from './explain-read.js';
import type { PointInTimeOptions } from './point-in-time/plan.js';
import type { PaidRead } from './query-payer.js';
import type { Distributions, StatisticsRead } from './statistics-read.js';

/** An offline store of the gateway, which takes the sources that another registry adds while it serves. */
export interface GrowingOfflineStore extends OfflineStore {
  /**
   * Prepares the tables of a registry's sources. What is there is left as it is. Throws an OperatorError that lists what
   * does not fit; then nothing has changed for readers.
   */
  addSources(sources: readonly FeatureSource[]): Promise<void>;
}

/**
 * The port of the offline store: the whole history of values, in columns. Its adapters are DuckDB and BigQuery. Every
 * adapter must pass test/contract/offline-store.contract.ts and the point-in-time cases.
 */
export interface OfflineStore {
  /**
   * Returns what was known of each label's entity at each label's time, in one query: cells[i][j] is feature j of label
   * i. docs/point-in-time.md defines the rules. The result has one row per label, in order, also for duplicates. A
   * label without an id or a time is NOT_FOUND for all features. If the signal aborts, the read rejects with the reason
   * of the signal.
   */
  pointInTime(read: PointInTimeRead): Promise<PointInTimeCell[][]>;

  /**
   * Whether the rows of a source have creation times. Without them nothing shows when a value was written, and a read
   * with knownAt or knownAtLabelTime is refused.
   */
  hasCreationTimes(source: FeatureSource): boolean;

  /** The maximum bytes that a point-in-time read of these features scans, whatever the entities. The read does not run. */
  estimateScan(read: PointInTimeRead): Promise<ScanEstimate>;

  /** The values that one feature of one entity has had, newest first. One value per moment: the newest arrival. */
  history(read: HistoryRead): Promise<HistoryEntry[]>;

  /**
   * The rows that decide the value of one feature at each label's time, and those that come too late for it: one query for
   * all labels. decideValue (point-in-time/decide-value.ts) gives from them what `pointInTime` gives.
   */
  explain(read: ExplainRead): Promise<ExplainedRows[]>;

  /** The distributions of one feature over some ranges of event time. */
  statistics(read: StatisticsRead): Promise<Distributions>;

  /** The maximum bytes that `statistics` scans. The read does not run. */
  estimateStatisticsScan(read: StatisticsRead): Promise<ScanEstimate>;

  /** Whether the quantiles of `statistics` are approximate. All other numbers are exact. */
  readonly hasApproximateQuantiles: boolean;

  /**
   * Every row of some entities, in the order of arrival as far as the store knows it. The rows are not filtered:
   * validation uses them to check other reads.
   */
  rows(read: RowsRead): AsyncIterable<FeatureRow[]>;

  /** Adds rows to a source. Returns the rows that cannot be history (no id, no time); the others are durable. */
  append(source: FeatureSource, rows: readonly FeatureRow[]): Promise<AppendOutcome>;

  /**
   * Deletes all rows of entities from all sources. An unknown id is not an error. Repeating a deletion that failed is
   * safe.
   */
  delete(entityType: EntityType, entityIds: readonly string[]): Promise<DeleteOutcome>;

  /**
   * The newest values of every entity, for filling an online store. They come in batches; all values of an entity are
   * in one batch. If the signal aborts, the read rejects with the reason of the signal.
   */
  newest(source: FeatureSource, read?: NewestRead): AsyncIterable<OnlineWrite[]>;

  /** The maximum bytes that `newest` scans, as in estimateScan. */
  estimateNewestScan(source: FeatureSource, read?: NewestRead): Promise<ScanEstimate>;

  /** Ids of entities with rows in any source, each at most once: `count` of them at random, or all when there are fewer. */
  sampleEntityIds(entityType: EntityType, count: number): Promise<string[]>;

  /**
   * The first moment of each entity, or its events in a range, in batches in no order: the labels of a training set
   * without a list. If the signal aborts, the read rejects with the reason of the signal.
   */
  entityTimes(read: EntityTimesRead): AsyncIterable<readonly EntityTime[]>;

  /** The maximum bytes that `entityTimes` scans, and the most that it returns. The read does not run. */
  estimateEntityTimes(read: EntityTimesRead): Promise<EntityTimesEstimate>;

  /** The maximum number of labels per point-in-time read; a caller with more splits them, or uses `bulk`. */
  readonly maxLabelsPerRead: number;

  /**
   * Reads for millions of labels, where each read scans a source again and is billed; absent where a scan costs
   * nothing.
   */
  readonly bulk?: BulkReads | undefined;

  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** A read that the caller can cancel. */
export interface Abortable {
  /**
   * If this signal aborts, the read rejects with the signal's reason. The store cancels its query in the warehouse, so
   * that the warehouse does not bill it to its end.
   */
  readonly signal?: AbortSignal | undefined;
}

export interface PointInTimeRead extends Abortable, PaidRead {
  readonly entityType: EntityType;
  readonly labels: readonly EntityMoment[];
  readonly features: readonly Feature[];
  readonly options?: Partial<PointInTimeOptions>;
  /** Replaces the ttls of the registry, in microseconds. undefined: the ttls of the registry. null: any age. */
  readonly ttl?: bigint | null | undefined;
  /** Each cell then says whether its value was written after the label's time. */
  readonly writtenAfter?: boolean;
}

export interface PointInTimeCell extends FeatureCell {
  /**
   * Whether the value was written after the label's time. Absent unless the read asks for it. False without a value or
   * a creation time, and for static sources.
   */
  readonly writtenAfter?: boolean;
}

/** The entity whose features to read, and the time. */
export interface EntityMoment {
  readonly entityId: string | null;
  readonly time: Instant | null;
}

export interface NewestRead extends Abortable, PaidRead {
  /** Omits the rows after this moment: they are not known yet. Absent: all rows. */
  readonly asOf?: Instant;
  /**
   * Reads only these features, of any source. The others are not read, because a warehouse bills by column, and the
   * writes of a source with unread features are partial. Absent: all features.
   */
  readonly features?: readonly Feature[];
}

/**
 * The features of a source that `newest` reads. A dense entity type needs whole rows: an omitted feature would become
 * null.
 */
export function newestFeatures(source: FeatureSource, { features }: NewestRead): readonly Feature[] {
  if (!features || source.entityType.dense) return source.features;
  return source.features.filter((feature) => features.includes(feature));
}

export interface BulkReads {
  /** The maximum number of labels per read. */
  readonly maxLabels: number;
  /** The bytes that a read of one source scans beside the source: those of the labels. */
  estimateLabelScan(labels: number): ScanEstimate;

  /**
   * The result of pointInTime for the features of one source, with one scan for any number of labels. It comes in
   * unordered batches; a label that is in no batch is NOT_FOUND for all features.
   */
  pointInTime(read: BulkRead): AsyncIterable<readonly LabelCells[]>;
}

/** The number of labels that a store joins with a source in one scan. */
export function labelsPerScan({ bulk, maxLabelsPerRead }: Pick<OfflineStore, 'bulk' | 'maxLabelsPerRead'>): number {
  return bulk?.maxLabels ?? maxLabelsPerRead;
}

export interface BulkRead extends Omit<PointInTimeRead, 'labels'> {
  readonly labels: LabelPages;
}

/** Labels that are not all in memory. */
export interface LabelPages {
  readonly count: number;
  /** The labels from one number, inclusive, to another, exclusive. Repeated calls give the same labels. */
  readonly page: (from: number, to: number) => Promise<readonly EntityMoment[]>;
}

export interface LabelCells {
  /** The number of the label, from 0. */
  readonly label: number;
  readonly cells: readonly PointInTimeCell[];
}

/** The maximum bytes of a read. */
export interface ScanEstimate {
  readonly scanned: bigint;
  /** A warehouse bills a minimum for each table and query. Equal to `scanned` where a store bills nothing. */
  readonly billed: bigint;
}

export interface HistoryRead extends Abortable, PaidRead {
  readonly feature: Feature;
  readonly entityId: string;
  /** Inclusive; null for no bound. */
  readonly from: Instant | null;
  /** Inclusive; null for no bound. */
  readonly to: Instant | null;
  /** Only values older than this one: the last value of the previous page. */
  readonly before: Instant | null;
  /**
   * Only rows written by this moment; null or absent: all rows. A source without a creation time refuses this argument.
   */
  readonly knownAt?: Instant | null;
  readonly limit: number;
}

export interface RowsRead extends Abortable, PaidRead {
  readonly source: FeatureSource;
  /** null: all entities. */
  readonly entityIds: readonly string[] | null;
  /** The features of the source whose values a row has. */
  readonly features: readonly Feature[];
  /** The latest event time, inclusive; null for no bound. */
  readonly to: Instant | null;
  /**
   * Only rows with a later event time, in the order of their event times. A static source has none. It is not combined with
   * `written`. Absent: all rows.
   */
  readonly later?: { readonly than: Instant; readonly limit: number } | undefined;
  /**
   * Only rows that were written in this period, in the order of their creation times. A source without a creation time
   * (`hasCreationTimes`) refuses it. Absent: all rows.
   */
  readonly written?: WrittenPeriod | undefined;
}

export interface WrittenPeriod {
  /** Exclusive. */
  readonly after: Instant;
  /** Inclusive; null for no bound. */
  readonly upTo: Instant | null;
  /** The maximum number of rows; null: all of them. */
  readonly limit: number | null;
}

export interface HistoryEntry {
  readonly value: RawValue | null;
  /** null for a static feature, whose one value is valid at all times. */
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

export interface DeleteOutcome {
  /** What the store cannot delete, a sentence for clients each; empty when it has deleted everything. */
  readonly remaining: readonly string[];
}
