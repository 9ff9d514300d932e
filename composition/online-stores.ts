import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { Diagnosis } from '../datasources/diagnosis.js';
import { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import type { FillableOnlineStore, OnlineStore } from '../datasources/online/online-store.js';
import { ShadowOnlineStore } from '../datasources/online/shadow/shadow-online-store.js';
import type { ShadowReport } from '../datasources/online/shadow/shadow-report.js';
import type { EntityType, Featurestore, OnlineStoreSettings, ShadowSettings } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { ClientOptions } from '../datasources/google/vertex/vertex-clients.js';
import { systemClock } from '../values/clock.js';
import { PROCESS_LIMITS } from '../limits/process-limits.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';

export interface OnlineStoreOptions {
  /** Where it is counted what shadow stores find. */
  readonly shadowReport: ShadowReport;
  /** For tests, whose Vertex AI is not at the region's endpoint. */
  readonly vertexClient?: ClientOptions;
}

export interface OpenOnlineStores {
  of(featurestore: Featurestore): OnlineStore;
  /** The one to fill with what was computed here; null for a store that is filled by its own syncs and imports. */
  toFill(featurestore: Featurestore): FillableOnlineStore | null;
  /** Those that answer readers. A shadow that is down is no reason to take the gateway out of service. */
  readonly serving: readonly OnlineStore[];
  close(): Promise<void>;
}

/** The online store of each featurestore, open; a store that several name is opened once. */
export async function openOnlineStores(
  registry: Registry,
  dataDirectory: string,
  options: OnlineStoreOptions,
): Promise<OpenOnlineStores> {
  return openOrDispose((opened) => openAll(registry, dataDirectory, options, opened));
}

async function openAll(
  registry: Registry,
  dataDirectory: string,
  { shadowReport, vertexClient }: OnlineStoreOptions,
  opened: AsyncDisposableStack,
): Promise<OpenOnlineStores> {
  const stores = new Map<string, OnlineStore>();
  for (const [key, settings] of collectStoreSettings(registry)) {
    const store = await openOnlineStore(settings, dataDirectory, vertexClient);
    opened.defer(() => store.close());
    stores.set(key, store);
  }
  const storeOf = (settings: OnlineStoreSettings): OnlineStore => stores.get(toStoreKey(settings))!;
  const shadows = new Map<Featurestore, ShadowOnlineStore>();
  for (const featurestore of registry.featurestores) {
    const { onlineSettings, shadow } = featurestore;
    if (!shadow) continue;
    const rules = shadowRules(onlineSettings, shadow);
    const options = { ...PROCESS_LIMITS.shadowReads, ...rules, report: shadowReport, random: Math.random };
    shadows.set(featurestore, new ShadowOnlineStore(storeOf(onlineSettings), storeOf(shadow.onlineStore), options));
  }
  opened.defer(async () => {
    await Promise.all([...shadows.values()].map((shadow) => shadow.finish()));
  });
  return {
    of: (featurestore) => shadows.get(featurestore) ?? storeOf(featurestore.onlineSettings),
    toFill: ({ onlineSettings }) => {
      const store = storeOf(onlineSettings);
      return 'fill' in store ? (store as FillableOnlineStore) : null;
    },
    serving: [...new Set(registry.featurestores.map(({ onlineSettings }) => storeOf(onlineSettings)))],
    close: () => opened.disposeAsync(),
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
      const { BigtableOnlineStore } = await import('../datasources/online/bigtable/bigtable-online-store.js');
      return BigtableOnlineStore.open(settings, { clock: systemClock, newId: uuidv7 });
    }
    case 'VERTEX_FEATURE_VIEW': {
      const { openVertexViewOnlineStore } =
        await import('../datasources/online/vertex-view/vertex-view-online-store.js');
      return openVertexViewOnlineStore(settings, systemClock, vertexClient);
    }
    case 'VERTEX_LEGACY': {
      const { openVertexLegacyOnlineStore } =
        await import('../datasources/online/vertex-legacy/vertex-legacy-online-store.js');
      return openVertexLegacyOnlineStore(settings, systemClock, vertexClient);
    }
  }
}

/** How two stores are compared. Legacy serving answers alike for a feature without a value and for an unknown entity. */
export function shadowRules(serving: OnlineStoreSettings, { onlineStore, share }: ShadowSettings) {
  return { share, treatAbsentAsEqual: [serving.kind, onlineStore.kind].includes('VERTEX_LEGACY') };
}

/** What doctor looks at, without opening anything. */
export async function diagnoseOnlineStores(registry: Registry, vertexClient?: ClientOptions): Promise<Diagnosis[]> {
  const diagnoses = [...collectStoreSettings(registry)].map(([key, settings]) => {
    const named = registry.featurestores.filter(({ onlineSettings, shadow }) =>
      [onlineSettings, shadow?.onlineStore].some((one) => one && toStoreKey(one) === key),
    );
    return diagnose(
      settings,
      named.flatMap(({ entityTypes }) => entityTypes),
      vertexClient,
    );
  });
  return (await Promise.all(diagnoses)).flat();
}

async function diagnose(
  settings: OnlineStoreSettings,
  entityTypes: readonly EntityType[],
  vertexClient?: ClientOptions,
): Promise<Diagnosis[]> {
  if (settings.kind === 'LMDB') return [];
  const store = `online store ${settings.kind}: ${settings.project}`;
  switch (settings.kind) {
    case 'BIGTABLE': {
      const { diagnoseBigtable } = await import('../datasources/online/bigtable/diagnose.js');
      return [{ store, findings: diagnoseBigtable(settings) }];
    }
    case 'VERTEX_FEATURE_VIEW': {
      const { diagnoseVertexView } = await import('../datasources/online/vertex-view/diagnose.js');
      return [{ store, findings: diagnoseVertexView(settings, entityTypes, systemClock, vertexClient) }];
    }
    case 'VERTEX_LEGACY': {
      const { diagnoseVertexLegacy } = await import('../datasources/online/vertex-legacy/diagnose.js');
      return [{ store, findings: diagnoseVertexLegacy(settings, entityTypes, systemClock, vertexClient) }];
    }
  }
}

/** The different ones, shadows too: featurestores that say the same of an online store share it. */
function collectStoreSettings(registry: Registry): Map<string, OnlineStoreSettings> {
  const settings = registry.featurestores.flatMap(({ onlineSettings, shadow }) =>
    shadow ? [onlineSettings, shadow.onlineStore] : [onlineSettings],
  );
  return new Map(settings.map((one) => [toStoreKey(one), one]));
}

function toStoreKey(settings: OnlineStoreSettings): string {
  return JSON.stringify(settings);
}
