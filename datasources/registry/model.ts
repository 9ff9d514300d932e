import type { FileFormat } from '../files/file-format.js';
import type { FileOptions } from '../files/file-options.js';
import type { ValueType } from '../../values/value-type.js';

/** Where values live. The same names are the StoreKind of the schema; store-kinds.ts describes each. */
export const STORE_KINDS = ['LMDB', 'DUCKDB', 'BIGTABLE', 'BIGQUERY', 'VERTEX_FEATURE_VIEW', 'VERTEX_LEGACY'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/** How careful one must be with a feature's values. */
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
  /** How the online store is reached; onlineStore is what clients may know of it. */
  readonly onlineSettings: OnlineStoreSettings;
  /** A second online store that is compared with the one that serves; null when there is none. */
  readonly shadow: ShadowSettings | null;
  /** How the offline store is reached; offlineStore is what clients may know of it. */
  readonly offlineSettings: OfflineStoreSettings;
  /** Files a source's SQL may read, by the name it reads them under. */
  readonly tables: ReadonlyMap<string, TableFile>;
  readonly entityTypes: readonly EntityType[];
  readonly featureViews: readonly FeatureView[];
}

/** Files that the SQL of sources reads as one table. */
export interface TableFile {
  readonly path: string;
  /** As the registry writes it: a file, a folder or a pattern. */
  readonly name: string;
  /** null: what the endings of the names say. */
  readonly format: FileFormat | null;
  /** What the files do not say themselves. */
  readonly options: FileOptions;
}

export interface StoreLocation {
  readonly kind: StoreKind;
  /** In words a client may read: never a path or a project id. */
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
  /** How long a read may take, attempts included. An attempt has a third of it. */
  readonly readDeadlineMs: number;
  /** For how long the table has every value there was, also those with a newer one; 0 for not at all. */
  readonly versionRetentionSeconds: number;
}

export interface VertexFeatureViewSettings {
  readonly kind: 'VERTEX_FEATURE_VIEW';
  readonly project: string;
  readonly location: string;
  readonly featureOnlineStore: string;
  /** The feature view of an entity type, by the entity type's name; one that is not here has a view of its own name. */
  readonly views: Readonly<Record<string, string>>;
  /** Whether many entities are read by the streaming fetch, which is in preview, or one by one. */
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

/** A BigQuery dataset, and what may be done there. */
export interface BigQuerySettings {
  readonly kind: 'BIGQUERY';
  readonly project: string;
  /** null where every source names its table in full. */
  readonly dataset: string | null;
  /** US, EU or a region: a query finds the dataset only there. */
  readonly location: string;
  /** A query that would be billed for more is refused before it runs; null for no limit. */
  readonly maximumBytesBilled: number | null;
  /** BigQuery ends a query that runs longer. */
  readonly timeoutSeconds: number;
  readonly createTables: boolean;
  readonly pointInTime: 'AGGREGATE' | 'ENTITY_FEATURES_AT_TIME';
}

/** A kind of thing with an id. */
export interface EntityType {
  readonly kind: 'entityType';
  readonly featurestore: Featurestore;
  readonly name: string;
  /** The name of a list of them in the typed part of the schema. */
  readonly pluralName: string;
  readonly description: string | null;
  /** One column, or several for a composite id (values/entity-id.ts). */
  readonly entityIdColumns: readonly string[];
  /** Microseconds after which a value counts as EXPIRED; null for never. A feature may say its own. */
  readonly ttl: bigint | null;
  /**
   * true: an entity is known by its newest whole row, nulls included. false: by the newest non-null value of each
   * feature on its own.
   */
  readonly dense: boolean;
  readonly sources: readonly FeatureSource[];
  /** The features of all its sources, in the order of the registry. */
  readonly features: readonly Feature[];
}

/** One table of values, and the features that are its columns. On Google Cloud this is a feature group. */
export interface FeatureSource {
  readonly entityType: EntityType;
  readonly name: string;
  /** Where embedded values come from: the text of a SELECT over the featurestore's tables. null: written by clients. */
  readonly sql: string | null;
  /** Its file, as the registry writes it; null without SQL. */
  readonly sqlFile: string | null;
  /** In how many runs the SQL is computed, each for a share of the entities: `in_partition(column)` in it is the share. */
  readonly partitions: number;
  /** The column with the time at which a row was known; null for a static source, whose values hold at all times. */
  readonly timestampColumn: string | null;
  readonly createdTimestampColumn: string | null;
  readonly sequenceColumn: string | null;
  /**
   * Its table in BigQuery, perhaps with its dataset, or with project and dataset, before it; null for the one named after the
   * entity type and the source.
   */
  readonly bigQueryTable: string | null;
  readonly features: readonly Feature[];
}

/** A typed, described, time-varying property. */
export interface Feature {
  readonly kind: 'feature';
  readonly entityType: EntityType;
  readonly source: FeatureSource;
  readonly name: string;
  /** Its column in BigQuery: the name, unless the table calls it otherwise. */
  readonly column: string;
  readonly valueType: ValueType;
  readonly unit: string | null;
  readonly description: string | null;
  readonly owner: string | null;
  readonly labels: Labels;
  readonly sensitivity: Sensitivity;
  readonly ttl: bigint | null;
  readonly deprecationReason: string | null;
}

/** A named selection of features served together. */
export interface FeatureView {
  readonly kind: 'featureView';
  readonly name: string;
  readonly entityType: EntityType;
  readonly features: readonly Feature[];
  /** When it is synced, as a cron expression; null when it is not scheduled. */
  readonly schedule: string | null;
}
