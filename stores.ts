import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Opens the stores of each featurestore. Those that several name, or say the same of, are opened once. */
export async function openStores(registry: Registry, dataDirectory: string): Promise<OpenStores> {
  await mkdir(dataDirectory, { recursive: true });
  const offline = await DuckDbOfflineStore.open(
    await DuckDbDatabase.open(join(dataDirectory, 'offline.duckdb')),
    registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap(({ sources }) => sources),
  );
  const opened = new Map<string, FillableOnlineStore>();
  for (const { onlineSettings } of registry.featurestores) {
    const key = JSON.stringify(onlineSettings);
    if (!opened.has(key)) opened.set(key, await openOnlineStore(onlineSettings, dataDirectory));
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
