import { join } from 'node:path';
import type { Diagnosis } from '../datasources/diagnosis.js';
import { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import type { FillableOnlineStore } from '../datasources/online/online-store.js';
import type { Featurestore, OnlineStoreSettings } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';

export interface OpenOnlineStores {
  of(featurestore: Featurestore): FillableOnlineStore;
  readonly all: readonly FillableOnlineStore[];
}

/** The online store of each featurestore, open; a store that several name is opened once. */
export async function openOnlineStores(registry: Registry, dataDirectory: string): Promise<OpenOnlineStores> {
  const opened = new Map<string, FillableOnlineStore>();
  for (const settings of settingsOf(registry)) {
    opened.set(JSON.stringify(settings), await open(settings, dataDirectory));
  }
  return {
    of: ({ onlineSettings }) => opened.get(JSON.stringify(onlineSettings))!,
    all: [...opened.values()],
  };
}

async function open(settings: OnlineStoreSettings, dataDirectory: string): Promise<FillableOnlineStore> {
  switch (settings.kind) {
    case 'LMDB':
      return new LmdbOnlineStore(join(dataDirectory, 'online'));
    case 'BIGTABLE': {
      // Loaded only where a registry names it: the client costs most of a second.
      const { BigtableOnlineStore } = await import('../datasources/online/bigtable/bigtable-online-store.js');
      return BigtableOnlineStore.open(settings);
    }
  }
}

/** What doctor looks at, without opening anything. */
export async function diagnoseOnlineStores(registry: Registry): Promise<Diagnosis[]> {
  return (await Promise.all(settingsOf(registry).map(diagnose))).flat();
}

async function diagnose(settings: OnlineStoreSettings): Promise<Diagnosis[]> {
  switch (settings.kind) {
    case 'LMDB':
      return [];
    case 'BIGTABLE': {
      const { diagnoseBigtable } = await import('../datasources/online/bigtable/diagnose.js');
      return [{ store: `online store BIGTABLE: ${settings.project}`, findings: diagnoseBigtable(settings) }];
    }
  }
}

/** The different ones: featurestores that say the same of their online store share it. */
function settingsOf(registry: Registry): OnlineStoreSettings[] {
  const settings = registry.featurestores.map(({ onlineSettings }) => onlineSettings);
  return [...new Map(settings.map((one) => [JSON.stringify(one), one])).values()];
}
