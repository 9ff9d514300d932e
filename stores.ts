import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnosis } from './datasources/diagnosis.js';
import { diagnoseDataFolder } from './datasources/online/lmdb/diagnose-data-folder.js';
import type { FeatureStores } from './datasources/feature-stores.js';
import { prepareStores, type PrepareProgress } from './datasources/ingestion/prepare.js';
import { DuckDbDatabase } from './datasources/offline/duckdb/database.js';
import { DuckDbOfflineStore } from './datasources/offline/duckdb/duckdb-offline-store.js';
import { LmdbOnlineStore } from './datasources/online/lmdb/lmdb-online-store.js';
import type { FillableOnlineStore, OnlineStore } from './datasources/online/online-store.js';
import { ShadowOnlineStore } from './datasources/online/shadow/shadow-online-store.js';
import type { ShadowReport } from './datasources/online/shadow/shadow-report.js';
import type { EntityType, Featurestore, OnlineStoreSettings, ShadowSettings } from './datasources/registry/model.js';
import type { Registry } from './datasources/registry/registry.js';
import type { ClientOptions } from './datasources/vertex/vertex-clients.js';
import { systemClock } from './values/clock.js';

/** The stores a registry names, open. */
export interface OpenStores extends FeatureStores {
  prepare(onProgress: (progress: PrepareProgress) => void): Promise<number>;
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Where it is counted what shadow stores find. */
  readonly shadowReport: ShadowReport;
  /** For tests, whose Vertex AI is not at the region's endpoint. */
  readonly vertexClient?: ClientOptions;
}

/** Of a shadow store: as many reads and writes at once as a server thread keeps busy, and longer than any store's own deadline. */
const SHADOW_LIMITS = { mostAtOnce: 32, patienceMs: 40_000 };

/** Opens the stores of each featurestore; a store that several name is opened once. */
export async function openStores(
  registry: Registry,
  dataDirectory: string,
  { shadowReport, vertexClient }: StoreOptions,
): Promise<OpenStores> {
  await mkdir(dataDirectory, { recursive: true });
  const offline = await DuckDbOfflineStore.open(
    await DuckDbDatabase.open(join(dataDirectory, 'offline.duckdb')),
    registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap(({ sources }) => sources),
  );
  const opened = new Map<string, OnlineStore>();
  for (const [key, settings] of onlineSettingsOf(registry))
    opened.set(key, await openOnlineStore(settings, dataDirectory, vertexClient));
  const storeOf = (settings: OnlineStoreSettings): OnlineStore => opened.get(keyOf(settings))!;

  const shadows = new Map<Featurestore, ShadowOnlineStore>();
  for (const featurestore of registry.featurestores) {
    const { onlineSettings, shadow } = featurestore;
    if (!shadow) continue;
    const options = {
      ...SHADOW_LIMITS,
      report: shadowReport,
      random: Math.random,
      ...shadowRules(onlineSettings, shadow),
    };
    shadows.set(featurestore, new ShadowOnlineStore(storeOf(onlineSettings), storeOf(shadow.onlineStore), options));
  }
  const all = [offline, ...opened.values()];

  return {
    online: (featurestore) => shadows.get(featurestore) ?? storeOf(featurestore.onlineSettings),
    offline: () => offline,
    prepare: (onProgress) =>
      prepareStores(registry, offline, ({ onlineSettings }) => fillable(storeOf(onlineSettings)), onProgress),
    // A shadow that is down is no reason to take the gateway out of service.
    isHealthy: async () => {
      const serving = new Set(registry.featurestores.map(({ onlineSettings }) => storeOf(onlineSettings)));
      return (await Promise.all([offline, ...serving].map((store) => store.isHealthy()))).every(Boolean);
    },
    close: async () => {
      for (const shadow of shadows.values()) await shadow.settled();
      for (const store of all.toReversed()) await store.close();
    },
  };
}

/** Opens one online store, as the registry says how. Its adapter is loaded only here: Google's clients are large. */
export async function openOnlineStore(
  settings: OnlineStoreSettings,
  dataDirectory: string,
  vertexClient: ClientOptions = {},
): Promise<OnlineStore> {
  switch (settings.kind) {
    case 'LMDB':
      return new LmdbOnlineStore(join(dataDirectory, 'online'));
    case 'BIGTABLE': {
      const { BigtableOnlineStore } = await import('./datasources/online/bigtable/bigtable-online-store.js');
      return BigtableOnlineStore.open(settings);
    }
    case 'VERTEX_FEATURE_VIEW': {
      const { openVertexViewOnlineStore } =
        await import('./datasources/online/vertex-view/vertex-view-online-store.js');
      return openVertexViewOnlineStore(settings, systemClock, vertexClient);
    }
    case 'VERTEX_LEGACY': {
      const { openVertexLegacyOnlineStore } =
        await import('./datasources/online/vertex-legacy/vertex-legacy-online-store.js');
      return openVertexLegacyOnlineStore(settings, systemClock, vertexClient);
    }
  }
}

/** How two stores are compared. Legacy serving answers alike for a feature without a value and for an unknown entity. */
export function shadowRules(serving: OnlineStoreSettings, { onlineStore, share }: ShadowSettings) {
  return { share, absentAlike: [serving.kind, onlineStore.kind].includes('VERTEX_LEGACY') };
}

/** Feature views and legacy featurestores are filled by their own syncs and imports. */
function fillable(store: OnlineStore): FillableOnlineStore | null {
  return 'markFilled' in store ? (store as FillableOnlineStore) : null;
}

/** What `featuregraph doctor` looks at: every store the registry names, without opening it. */
export async function diagnoseStores(registry: Registry, dataDirectory: string): Promise<Diagnosis[]> {
  const online = [...onlineSettingsOf(registry)].map(([key, settings]) =>
    diagnoseOnlineStore(
      settings,
      registry.featurestores
        .filter(({ onlineSettings, shadow }) =>
          [onlineSettings, shadow?.onlineStore].some((one) => one && keyOf(one) === key),
        )
        .flatMap(({ entityTypes }) => entityTypes),
    ),
  );
  const embedded = { store: 'embedded stores', findings: diagnoseDataFolder(dataDirectory) };
  return [embedded, ...(await Promise.all(online)).flat()];
}

async function diagnoseOnlineStore(
  settings: OnlineStoreSettings,
  entityTypes: readonly EntityType[],
): Promise<Diagnosis[]> {
  if (settings.kind === 'LMDB') return [];
  const store = `online store ${settings.kind}: ${settings.project}`;
  switch (settings.kind) {
    case 'BIGTABLE': {
      const { diagnoseBigtable } = await import('./datasources/online/bigtable/diagnose.js');
      return [{ store, findings: diagnoseBigtable(settings) }];
    }
    case 'VERTEX_FEATURE_VIEW': {
      const { diagnoseVertexView } = await import('./datasources/online/vertex-view/diagnose.js');
      return [{ store, findings: diagnoseVertexView(settings, entityTypes, systemClock) }];
    }
    case 'VERTEX_LEGACY': {
      const { diagnoseVertexLegacy } = await import('./datasources/online/vertex-legacy/diagnose.js');
      return [{ store, findings: diagnoseVertexLegacy(settings, entityTypes, systemClock) }];
    }
  }
}

/** The different ones, shadows too: featurestores that say the same of an online store share it. */
function onlineSettingsOf(registry: Registry): Map<string, OnlineStoreSettings> {
  const settings = registry.featurestores.flatMap(({ onlineSettings, shadow }) =>
    shadow ? [onlineSettings, shadow.onlineStore] : [onlineSettings],
  );
  return new Map(settings.map((one) => [keyOf(one), one]));
}

function keyOf(settings: OnlineStoreSettings): string {
  return JSON.stringify(settings);
}
