import type { Diagnosis } from '../datasources/diagnosis.js';
import { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import type { FillableOnlineStore, OnlineStore } from '../datasources/online/online-store.js';
import { ShadowOnlineStore } from '../datasources/online/shadow/shadow-online-store.js';
import type { ShadowReport } from '../datasources/online/shadow/shadow-report.js';
import type { Featurestore, OnlineStoreSettings, ShadowSettings } from '../datasources/registry/model.js';
import { describeOnlineStore } from '../datasources/registry/store-kinds.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { ClientOptions } from '../datasources/google/vertex/vertex-clients.js';
import { PROCESS_LIMITS } from '../limits/process-limits.js';
import { diagnoseOnlineStore, openOnlineStore } from './online-store-adapters.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';

export interface OnlineStoreOptions {
  /** Counts the results of shadow stores. */
  readonly shadowReport: ShadowReport;
  /** For tests, whose Vertex AI is not at the region's endpoint. */
  readonly vertexClient?: ClientOptions;
}

export interface OpenOnlineStores {
  of(featurestore: Featurestore): OnlineStore;
  /** The store to fill with values computed here; null for a store that its own syncs and imports fill. */
  toFill(featurestore: Featurestore): FillableOnlineStore | null;
  /** The embedded online store, if it is the one of a featurestore. */
  findLmdb(featurestore: Featurestore): LmdbOnlineStore | undefined;
  /** Opens the stores that another registry names and this one does not. */
  add(next: Registry): Promise<void>;
  /** The stores that serve readers. A shadow store that is down must not take the gateway out of service. */
  readonly serving: readonly OnlineStore[];
  close(): Promise<void>;
}

/**
 * Opens the online store of each featurestore; a store that several name is opened once. The registry can become another
 * one after `add` was called with it.
 */
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
  const storeOf = (settings: OnlineStoreSettings): OnlineStore => stores.get(toStoreKey(settings))!;
  const shadows = new Map<string, ShadowOnlineStore>();
  const add = async (next: Registry): Promise<void> => {
    for (const [key, settings] of collectStoreSettings(next)) {
      if (stores.has(key)) continue;
      stores.set(key, await openOnlineStore(settings, { dataDirectory, vertexClient }));
    }
    for (const featurestore of next.featurestores) {
      const { onlineSettings, shadow } = featurestore;
      if (!shadow || shadows.has(toShadowKey(featurestore))) continue;
      const rules = shadowRules(onlineSettings, shadow);
      const options = { ...PROCESS_LIMITS.shadowReads, ...rules, report: shadowReport, random: Math.random };
      const store = new ShadowOnlineStore(storeOf(onlineSettings), storeOf(shadow.onlineStore), options);
      shadows.set(toShadowKey(featurestore), store);
    }
  };
  opened.defer(async () => {
    await Promise.all([...shadows.values()].map((shadow) => shadow.finish()));
    await Promise.all([...stores.values()].map((store) => store.close()));
  });
  await add(registry);
  return {
    of: (featurestore) =>
      (featurestore.shadow && shadows.get(toShadowKey(featurestore))) ?? storeOf(featurestore.onlineSettings),
    add,
    toFill: ({ onlineSettings }) => {
      const store = storeOf(onlineSettings);
      return 'fill' in store ? (store as FillableOnlineStore) : null;
    },
    findLmdb: ({ onlineSettings }) => {
      const store = storeOf(onlineSettings);
      return store instanceof LmdbOnlineStore ? store : undefined;
    },
    get serving() {
      return [...new Set(registry.featurestores.map(({ onlineSettings }) => storeOf(onlineSettings)))];
    },
    close: () => opened.disposeAsync(),
  };
}

/** By name and settings: the objects are others after another registry was applied. */
function toShadowKey({ name, onlineSettings, shadow }: Featurestore): string {
  return JSON.stringify([name, onlineSettings, shadow]);
}

/** How to compare two stores. If one cannot tell NULL from NOT_FOUND, the two count as equal. */
export function shadowRules(serving: OnlineStoreSettings, { onlineStore, share }: ShadowSettings) {
  return {
    share,
    treatAbsentAsEqual: ![serving, onlineStore].every((store) => describeOnlineStore(store).tellsNullFromNotFound),
  };
}

/** What doctor finds of each store: by default without opening it, or what `inspect` finds. */
export async function diagnoseOnlineStores(
  registry: Registry,
  dataDirectory: string,
  vertexClient?: ClientOptions,
  inspect = diagnoseOnlineStore,
): Promise<Diagnosis[]> {
  const diagnoses = [...collectStoreSettings(registry)].map(([key, settings]) => {
    const named = registry.featurestores.filter(({ onlineSettings, shadow }) =>
      [onlineSettings, shadow?.onlineStore].some((one) => one && toStoreKey(one) === key),
    );
    return inspect(
      settings,
      named.flatMap(({ entityTypes }) => entityTypes),
      { dataDirectory, vertexClient },
    );
  });
  return (await Promise.all(diagnoses)).flat();
}

/** The distinct stores, shadow stores included: featurestores with the same settings share a store. */
function collectStoreSettings(registry: Registry): Map<string, OnlineStoreSettings> {
  const settings = registry.featurestores.flatMap(({ onlineSettings, shadow }) =>
    shadow ? [onlineSettings, shadow.onlineStore] : [onlineSettings],
  );
  return new Map(settings.map((one) => [toStoreKey(one), one]));
}

function toStoreKey(settings: OnlineStoreSettings): string {
  return JSON.stringify(settings);
}
