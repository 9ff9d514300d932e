import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnosis } from './datasources/diagnosis.js';
import { diagnoseDataFolder } from './datasources/online/lmdb/diagnose-data-folder.js';
import type { FeatureStores } from './datasources/feature-stores.js';
import { prepareStores, type PrepareProgress } from './datasources/ingestion/prepare.js';
import { DuckDbDatabase } from './datasources/offline/duckdb/database.js';
import { DuckDbOfflineStore } from './datasources/offline/duckdb/duckdb-offline-store.js';
import { LmdbOnlineStore } from './datasources/online/lmdb/lmdb-online-store.js';
import type { FillableOnlineStore } from './datasources/online/online-store.js';
import type { Featurestore, OnlineStoreSettings } from './datasources/registry/model.js';
import type { Registry } from './datasources/registry/registry.js';

/** The stores a registry names, open. */
export interface OpenStores extends FeatureStores {
  online(featurestore: Featurestore): FillableOnlineStore;
  prepare(onProgress: (progress: PrepareProgress) => void): Promise<number>;
  isHealthy(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens the stores of each featurestore; a store that several name is opened once. */
export async function openStores(registry: Registry, dataDirectory: string): Promise<OpenStores> {
  await mkdir(dataDirectory, { recursive: true });
  const offline = await DuckDbOfflineStore.open(
    await DuckDbDatabase.open(join(dataDirectory, 'offline.duckdb')),
    registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap(({ sources }) => sources),
  );
  const opened = new Map<string, FillableOnlineStore>();
  for (const settings of onlineSettingsOf(registry)) {
    opened.set(JSON.stringify(settings), await openOnlineStore(settings, dataDirectory));
  }
  const online = (featurestore: Featurestore): FillableOnlineStore =>
    opened.get(JSON.stringify(featurestore.onlineSettings))!;
  const all = [offline, ...opened.values()];

  return {
    online,
    offline: () => offline,
    prepare: (onProgress) => prepareStores(registry, offline, online, onProgress),
    isHealthy: async () => (await Promise.all(all.map((store) => store.isHealthy()))).every(Boolean),
    close: async () => {
      for (const store of all.toReversed()) await store.close();
    },
  };
}

async function openOnlineStore(settings: OnlineStoreSettings, dataDirectory: string): Promise<FillableOnlineStore> {
  switch (settings.kind) {
    case 'LMDB':
      return new LmdbOnlineStore(join(dataDirectory, 'online'));
    case 'BIGTABLE': {
      // Loaded only where a registry names it: the client costs most of a second.
      const { BigtableOnlineStore } = await import('./datasources/online/bigtable/bigtable-online-store.js');
      return BigtableOnlineStore.open(settings);
    }
  }
}

/** What `featuregraph doctor` looks at: every store the registry names, without opening it. */
export async function diagnoseStores(registry: Registry, dataDirectory: string): Promise<Diagnosis[]> {
  const online = onlineSettingsOf(registry).map((settings) => diagnoseOnlineStore(settings));
  const embedded = { store: 'embedded stores', findings: diagnoseDataFolder(dataDirectory) };
  return [embedded, ...(await Promise.all(online)).flat()];
}

async function diagnoseOnlineStore(settings: OnlineStoreSettings): Promise<Diagnosis[]> {
  switch (settings.kind) {
    case 'LMDB':
      return [];
    case 'BIGTABLE': {
      const { diagnoseBigtable } = await import('./datasources/online/bigtable/diagnose.js');
      return [{ store: `online store BIGTABLE: ${settings.project}`, findings: diagnoseBigtable(settings) }];
    }
  }
}

/** The different ones: featurestores that say the same of their online store share it. */
function onlineSettingsOf(registry: Registry): OnlineStoreSettings[] {
  const settings = registry.featurestores.map(({ onlineSettings }) => onlineSettings);
  return [...new Map(settings.map((one) => [JSON.stringify(one), one])).values()];
}
