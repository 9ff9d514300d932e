import type { OfflineStoreKind, OfflineStoreSettings, OnlineStoreKind, OnlineStoreSettings } from './model.js';

/**
 * What the gateway has to know of each kind of store, besides how it is opened (composition/online-store-adapters.ts,
 * composition/offline-store-adapters.ts). The compiler refuses a kind without a descriptor; docs/adding-a-store.md lists what
 * else a new one needs.
 */
interface StoreDescriptor {
  /** Whether it runs in this process, on files in the data folder. Reading such a store costs no money. */
  readonly isLocal: boolean;
  /** Where it is, in words that clients read. Never a path or a project. */
  readonly location: string;
}

/**
 * Who copies newest values from the offline into the online store. The gateway keeps the schedules of its own copies; Vertex
 * AI keeps those of its views, and what it takes for one is its own business.
 */
export type SyncExecutor = 'GATEWAY' | 'VERTEX_AI';

export interface OnlineStoreDescriptor<
  Settings extends OnlineStoreSettings = OnlineStoreSettings,
> extends StoreDescriptor {
  /** null: the store is filled by writers alone. */
  readonly syncedBy: SyncExecutor | null;
  /** Whether a read tells a feature without a value (NULL) from an unknown entity (NOT_FOUND). */
  readonly tellsNullFromNotFound: boolean;
  /** What names the place of the values: another place is another store. How it is reached (profiles, deadlines) is no part of it. */
  place(settings: Settings): readonly string[];
  /** For how many seconds it has every value there was; 0 when it has the newest values alone. */
  versionRetentionSeconds(settings: Settings): number;
}

export interface OfflineStoreDescriptor extends StoreDescriptor {
  /** Whether Vertex AI's own syncs read the tables of this store, so that the gateway can say what a sync scans. */
  readonly isReadByVertexAi: boolean;
}

const THIS_MACHINE = { isLocal: true, location: 'this machine' };
const GOOGLE_CLOUD = { isLocal: false, location: 'Google Cloud' };
const newestOnly = (): number => 0;

const ONLINE_STORES = {
  LMDB: {
    ...THIS_MACHINE,
    syncedBy: 'GATEWAY',
    tellsNullFromNotFound: true,
    place: () => [],
    versionRetentionSeconds: newestOnly,
  },
  BIGTABLE: {
    ...GOOGLE_CLOUD,
    syncedBy: 'GATEWAY',
    tellsNullFromNotFound: true,
    place: ({ project, instance, table, columnFamily }) => [project, instance, table, columnFamily],
    versionRetentionSeconds: (settings) => settings.versionRetentionSeconds,
  },
  VERTEX_FEATURE_VIEW: {
    ...GOOGLE_CLOUD,
    syncedBy: 'VERTEX_AI',
    tellsNullFromNotFound: true,
    place: ({ project, location, featureOnlineStore }) => [project, location, featureOnlineStore],
    versionRetentionSeconds: newestOnly,
  },
  VERTEX_LEGACY: {
    ...GOOGLE_CLOUD,
    syncedBy: null,
    tellsNullFromNotFound: false,
    place: ({ project, location, featurestore }) => [project, location, featurestore],
    versionRetentionSeconds: newestOnly,
  },
} satisfies { readonly [Kind in OnlineStoreKind]: OnlineStoreDescriptor<SettingsOf<Kind>> };

const OFFLINE_STORES = {
  DUCKDB: { ...THIS_MACHINE, isReadByVertexAi: false },
  BIGQUERY: { ...GOOGLE_CLOUD, isReadByVertexAi: true },
} satisfies Record<OfflineStoreKind, OfflineStoreDescriptor>;

type SettingsOf<Kind extends OnlineStoreKind> = Extract<OnlineStoreSettings, { readonly kind: Kind }>;

export const ONLINE_STORE_KINDS = Object.keys(ONLINE_STORES) as readonly OnlineStoreKind[];

/** Ask its methods about settings of that kind alone. */
export function describeOnlineStore({ kind }: { readonly kind: OnlineStoreKind }): OnlineStoreDescriptor {
  return ONLINE_STORES[kind];
}

export function describeOfflineStore({ kind }: Pick<OfflineStoreSettings, 'kind'>): OfflineStoreDescriptor {
  return OFFLINE_STORES[kind];
}

/** Whether reads of the past may be answered from the online store. */
export function hasVersions(settings: OnlineStoreSettings): boolean {
  return describeOnlineStore(settings).versionRetentionSeconds(settings) > 0;
}
