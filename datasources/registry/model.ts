import type { FileFormat } from '../files/file-format.js';
import type { FileOptions } from '../files/file-options.js';
import type { ValueType } from '../../values/value-type.js';
import type { Instant } from '../../values/instant.js';
import type { FeatureExpectation, ViolationAction } from './expectation.js';
import type { MonitorChecks, MonitorWebhook } from './monitor.js';
import type { MessageFormat, StreamSettings, TimeFormat } from './stream-settings.js';

/** The kinds of stores. They are the values of StoreKind in the schema; store-kinds.ts describes each. */
export const STORE_KINDS = ['LMDB', 'DUCKDB', 'BIGTABLE', 'BIGQUERY', 'VERTEX_FEATURE_VIEW', 'VERTEX_LEGACY'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/** The sensitivity of a feature's values. */
export const SENSITIVITIES = ['PUBLIC', 'INTERNAL', 'CONFIDENTIAL', 'PERSONAL'] as const;
export type Sensitivity = (typeof SENSITIVITIES)[number];

export type Labels = Readonly<Record<string, string>>;

/** A namespace of entity types. */
export interface Featurestore {
  readonly kind: 'featurestore';
  readonly name: string;
  readonly description: string | null;
  readonly labels: Labels;
  readonly onlineStore: StoreLocation;
  readonly offlineStore: StoreLocation;
  /** The connection settings of the online store; onlineStore is the part that clients may see. */
  readonly onlineSettings: OnlineStoreSettings;
  /** A second online store to compare with the serving one; null when there is none. */
  readonly shadow: ShadowSettings | null;
  /** The connection settings of the offline store; offlineStore is the part that clients may see. */
  readonly offlineSettings: OfflineStoreSettings;
  /** Files that a source's SQL may read, by their table names. */
  readonly tables: ReadonlyMap<string, TableFile>;
  readonly entityTypes: readonly EntityType[];
  readonly featureViews: readonly FeatureView[];
  /** Messages that become its values. */
  readonly streams: readonly FeatureStream[];
  /** Checks of its features over time. */
  readonly monitors: readonly Monitor[];
}

/** Files that the SQL of sources reads as one table. */
export interface TableFile {
  readonly path: string;
  /** As the registry has it: a file, a folder or a pattern. */
  readonly name: string;
  /** null: the file extensions decide. */
  readonly format: FileFormat | null;
  /** Facts that the files do not contain. */
  readonly options: FileOptions;
}

export interface StoreLocation {
  readonly kind: StoreKind;
  /** A description for clients, which never contains a path or a project id. */
  readonly location: string | null;
}

/** Names of projects and tables: for adapters, never for clients. */
export type OnlineStoreSettings = LmdbSettings | BigtableSettings | VertexFeatureViewSettings | VertexLegacySettings;
export type OnlineStoreKind = OnlineStoreSettings['kind'];

export interface LmdbSettings {
  readonly kind: 'LMDB';
}

export interface BigtableSettings {
  readonly kind: 'BIGTABLE';
  readonly project: string;
  readonly instance: string;
  readonly table: string;
  readonly columnFamily: string;
  /** null for the instance's default profile. */
  readonly appProfile: string | null;
  /** The deadline of a read with all attempts. The first attempt has a third of it. */
  readonly readDeadlineMs: number;
  /** The most rows that a fill writes in a second. */
  readonly fillRowsPerSecond: number;
  /** How long the table retains older values after a newer one replaced them; 0: it does not. */
  readonly versionRetentionSeconds: number;
}

export interface VertexFeatureViewSettings {
  readonly kind: 'VERTEX_FEATURE_VIEW';
  readonly project: string;
  readonly location: string;
  readonly featureOnlineStore: string;
  /**
   * The feature view of each entity type, by the entity type's name: its id, or its resource name if it is in another
   * project or store. By default the view has the name of the entity type (find-view.ts).
   */
  readonly views: Readonly<Record<string, string>>;
  /** Whether the streaming fetch, which is in preview, reads many entities at once; otherwise each is one request. */
  readonly usePreview: boolean;
}

export interface VertexLegacySettings {
  readonly kind: 'VERTEX_LEGACY';
  readonly project: string;
  readonly location: string;
  readonly featurestore: string;
}

export interface ShadowSettings {
  readonly onlineStore: OnlineStoreSettings;
  /** The share of reads that are compared, 0 to 1. Writes always go to both. */
  readonly share: number;
}

export type OfflineStoreSettings = DuckDbSettings | BigQuerySettings;
export type OfflineStoreKind = OfflineStoreSettings['kind'];

export interface DuckDbSettings {
  readonly kind: 'DUCKDB';
}

/** A BigQuery dataset, with the permitted operations. */
export interface BigQuerySettings {
  readonly kind: 'BIGQUERY';
  readonly project: string;
  /** null where every source names its table in full. */
  readonly dataset: string | null;
  /** US, EU or a region: a query finds the dataset only in its location. */
  readonly location: string;
  /** A query that would be billed for more is refused before it runs; null for no limit. */
  readonly maximumBytesBilled: number | null;
  /** BigQuery cancels a query that runs longer. */
  readonly timeoutSeconds: number;
  readonly createTables: boolean;
  readonly pointInTime: 'AGGREGATE' | 'ENTITY_FEATURES_AT_TIME';
}

/** A type of entities. */
export interface EntityType {
  readonly kind: 'entityType';
  readonly featurestore: Featurestore;
  readonly name: string;
  /** The name that it had before; null: this one. Its values move to the new name. */
  readonly renamedFrom: string | null;
  /** The plural name in the typed part of the schema. */
  readonly pluralName: string;
  readonly description: string | null;
  /** One column, or several for a composite id (values/entity-id.ts). */
  readonly entityIdColumns: readonly string[];
  /** Microseconds after which a value is EXPIRED; null for never. A feature may override it. */
  readonly ttl: bigint | null;
  /**
   * true: the newest whole row of an entity counts, nulls included. false: the newest non-null value of each feature
   * counts separately.
   */
  readonly dense: boolean;
  readonly sources: readonly FeatureSource[];
  /** The features of all its sources, in the order of the registry. */
  readonly features: readonly Feature[];
}

/** One table of values; its features are columns of the table. On Google Cloud this is a feature group. */
export interface FeatureSource {
  readonly entityType: EntityType;
  readonly name: string;
  /** The name that it had before; null: this one. Its values move to the new name. */
  readonly renamedFrom: string | null;
  /** The SQL of embedded values: a SELECT over the featurestore's tables. null: clients write the values. */
  readonly sql: string | null;
  /** Its file, as the registry writes it; null without SQL. */
  readonly sqlFile: string | null;
  /**
   * The number of runs that compute the SQL, each for a share of the entities, which `in_partition(column)` selects.
   */
  readonly partitions: number;
  /** How a refresh computes only what changed; null: it computes the whole SQL. */
  readonly incremental: IncrementalRefresh | null;
  /** The cron expression of its refreshes; null when it has no schedule. */
  readonly refreshSchedule: string | null;
  /**
   * The column with the time at which the values of a row became known; null for a static source, whose values are
   * valid at all times.
   */
  readonly timestampColumn: string | null;
  readonly createdTimestampColumn: string | null;
  readonly sequenceColumn: string | null;
  /**
   * Its table in BigQuery, optionally with its dataset, or with project and dataset; null: the table is named after the
   * entity type and the source.
   */
  readonly bigQueryTable: string | null;
  /** What a training set does with a value whose entity has several rows of its event time; null: nothing. */
  readonly onRepeatedTime: Exclude<ViolationAction, 'QUARANTINE'> | null;
  readonly features: readonly Feature[];
}

/** The declaration by which a refresh computes only what changed. */
export interface IncrementalRefresh {
  /** The table whose files change. After a change of another table that the SQL reads, the whole SQL runs. */
  readonly table: string;
  /**
   * A time column of the table: rows are only added, each later than all before. null: the SQL computes each file of the
   * table alone.
   */
  readonly watermarkColumn: string | null;
}

/** A typed, described, time-varying property. */
export interface Feature {
  readonly kind: 'feature';
  readonly entityType: EntityType;
  readonly source: FeatureSource;
  readonly name: string;
  /** The name that it had before; null: this one. Its values move to the new name. */
  readonly renamedFrom: string | null;
  /** Its column in BigQuery: the feature's name, unless the registry overrides it. */
  readonly column: string;
  readonly valueType: ValueType;
  readonly unit: string | null;
  readonly description: string | null;
  readonly owner: string | null;
  readonly labels: Labels;
  readonly sensitivity: Sensitivity;
  readonly ttl: bigint | null;
  /** The distance of the default metric above which its values have drifted; null: the default. */
  readonly driftThreshold: number | null;
  /** In the order of the registry. */
  readonly expectations: readonly FeatureExpectation[];
  readonly deprecationReason: string | null;
}

/** A named selection of features served together. */
export interface FeatureView {
  readonly kind: 'featureView';
  readonly name: string;
  readonly entityType: EntityType;
  readonly features: readonly Feature[];
  /** The cron expression of its syncs; null when it has no schedule. */
  readonly schedule: string | null;
}

/** Messages of a broker that become values of an entity type. */
export interface FeatureStream {
  readonly name: string;
  readonly entityType: EntityType;
  readonly source: StreamSettings;
  /** true: the messages are written one batch after another. false: several batches at once. */
  readonly ordered: boolean;
  readonly format: MessageFormat;
  /** The text of the schema file; null for JSON. */
  readonly schema: string | null;
  /** The message of a Protobuf schema; null for other formats. */
  readonly messageType: string | null;
  /** Whether the five bytes of Confluent's wire format precede the content. */
  readonly confluentHeader: boolean;
  /** The paths to the parts of the entity id, one for each id column. */
  readonly entityId: readonly string[];
  /** null: the features are those of static sources, which have no time. */
  readonly timestamp: { readonly path: string; readonly format: TimeFormat } | null;
  /** The path to the value of each feature that the messages have. */
  readonly features: ReadonlyMap<Feature, string>;
}

/** Checks of features over a window of event time, by a schedule or on request. */
export interface Monitor {
  readonly kind: 'monitor';
  readonly name: string;
  readonly description: string | null;
  readonly entityType: EntityType;
  /** The view whose features it checks; null: it names the entity type. */
  readonly featureView: string | null;
  /** None of them is of a static source. */
  readonly features: readonly Feature[];
  /** The window ends at the moment of a run, and has this length in microseconds. */
  readonly window: bigint;
  /** null: the window of the same length before the window. */
  readonly baseline: { readonly from: Instant; readonly before: Instant } | null;
  readonly checks: MonitorChecks;
  /** The cron expression of its runs; null when it has no schedule. */
  readonly schedule: string | null;
  /** A run with a higher estimate is refused; null: there is no limit of its own. */
  readonly maxCostUsd: number | null;
  readonly webhook: MonitorWebhook | null;
}
