import type { OfflineStoreKind, OfflineStoreSettings, OnlineStoreKind, OnlineStoreSettings } from './model.js';

/**
 * The properties of each kind of store, except how to open it (composition/online-store-adapters.ts,
 * composition/offline-store-adapters.ts). The compiler rejects a kind without a descriptor; docs/adding-a-store.md
 * lists the other files that a new one needs.
 */
interface StoreDescriptor {
  /** Whether it runs in this process, on files in the data folder. Reads of such a store cost no money. */
  readonly isLocal: boolean;
  /** Its location, in words for clients. Never a path or a project. */
  readonly location: string;
}

/**
 * The system that copies newest values from the offline into the online store. The gateway runs the schedules of its
 * own copies; Vertex AI runs those of its views and decides which schedules it accepts.
 */
export type SyncExecutor = 'GATEWAY' | 'VERTEX_AI';

export interface OnlineStoreDescriptor<
  Settings extends OnlineStoreSettings = OnlineStoreSettings,
> extends StoreDescriptor {
  /** null: only writers fill the store. */
  readonly syncedBy: SyncExecutor | null;
  /** Whether a read distinguishes a feature without a value (NULL) from an unknown entity (NOT_FOUND). */
  readonly tellsNullFromNotFound: boolean;
  /**
   * The identity of the values' location: another location is another store. Connection settings (profiles, deadlines)
   * are not part of it.
   */
  place(settings: Settings): readonly string[];
  /** The seconds for which it retains all values; 0 when it has only the newest values. */
  versionRetentionSeconds(settings: Settings): number;
}

export interface OfflineStoreDescriptor<
  Settings extends OfflineStoreSettings = OfflineStoreSettings,
> extends StoreDescriptor {
  /** Where its queries run, which decides their price; null for a store that bills nothing. */
  regionOf(settings: Settings): string | null;
  /**
   * Whether Vertex AI's own syncs read the tables of this store, so that the gateway can estimate the bytes of a sync.
   */
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
  DUCKDB: { ...THIS_MACHINE, isReadByVertexAi: false, regionOf: () => null },
  BIGQUERY: { ...GOOGLE_CLOUD, isReadByVertexAi: true, regionOf: ({ location }) => location },
} satisfies { readonly [Kind in OfflineStoreKind]: OfflineStoreDescriptor<OfflineSettingsOf<Kind>> };

type OfflineSettingsOf<Kind extends OfflineStoreKind> = Extract<OfflineStoreSettings, { readonly kind: Kind }>;

type SettingsOf<Kind extends OnlineStoreKind> = Extract<OnlineStoreSettings, { readonly kind: Kind }>;

export const ONLINE_STORE_KINDS = Object.keys(ONLINE_STORES) as readonly OnlineStoreKind[];

/** Call its methods only with settings of the same kind. */
export function describeOnlineStore({ kind }: { readonly kind: OnlineStoreKind }): OnlineStoreDescriptor {
  return ONLINE_STORES[kind];
}

/** Call its methods only with settings of the same kind. */
export function describeOfflineStore({ kind }: Pick<OfflineStoreSettings, 'kind'>): OfflineStoreDescriptor {
  return OFFLINE_STORES[kind];
}

/** Whether the online store may answer reads of past values. */
export function hasVersions(settings: OnlineStoreSettings): boolean {
  return describeOnlineStore(settings).versionRetentionSeconds(settings) > 0;
}
