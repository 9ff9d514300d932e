import type { Diagnosis } from '../datasources/diagnosis.js';
import type { DataVersions } from '../serving/data-versions.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import type { BigQueryClientOptions } from '../datasources/google/bigquery/client.js';
import type { FileReader } from '../datasources/files/file-reader.js';
import type { FillOwner } from '../ingestion/fill-fingerprint.js';
import type { PrepareProgress } from '../ingestion/prepare.js';
import { StorePreparation, type PreparationStart } from '../ingestion/store-preparation.js';
import type { DuckDbOfflineStore } from '../datasources/offline/duckdb/duckdb-offline-store.js';
import { diagnoseDataFolder } from '../datasources/online/lmdb/diagnose-data-folder.js';
import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { EntityType, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { HistoryKeeper } from '../ingestion/history/history-keeper.js';
import type { PastReads } from '../serving/past-reads.js';
import { isHealthy } from '../serving/store-health.js';
import { systemClock, type Clock } from '../values/clock.js';
import type { GoogleClientOptions } from './google-clients.js';
import { openDataFolder } from './data-folder.js';
import { openFeatureWriters, type OpenFeatureWriters } from './feature-writers.js';
import { openDataVersions } from './open-data-versions.js';
import { openHistory, type HistoryOptions } from './open-history.js';
import type { PlannedRegistry } from './planned-registry.js';
import { listSources, probeOfflineStore } from './offline-store-adapters.js';
import { probeOnlineStoreOf } from './online-store-adapters.js';
import { diagnoseOfflineStores, openOfflineStores } from './offline-stores.js';
import type { LmdbOnlineStore } from '../datasources/online/lmdb/lmdb-online-store.js';
import {
  diagnoseOnlineStores,
  openOnlineStores,
  type OnlineStoreOptions,
  type OpenOnlineStores,
} from './online-stores.js';
import type { TableAddress } from '../datasources/google/bigtable/client.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';

/** The open stores of a registry. */
export interface OpenStores extends FeatureStores {
  /** The stores on this machine, which always exist. */
  readonly embedded: DuckDbOfflineStore;
  /** Reads every file that users name. */
  readonly reader: FileReader;
  /** The offline store of a featurestore, if it differs from the embedded one. */
  readonly findRemoteStore: (featurestore: Featurestore) => OfflineStore | undefined;
  /** Writes values of sources without SQL. */
  readonly writers: OpenFeatureWriters;
  /** The reads of the past by clients; undefined: those of the offline store. */
  readonly findPastReads: (featurestore: Featurestore) => PastReads | undefined;
  /** Copies the rows of the embedded offline store into the key-value history, in the background. null: there is none. */
  readonly historyKeeper: HistoryKeeper | null;
  /** The versions of what reads of the past can answer. Call it before the registry is served. */
  dataVersions(planned: PlannedRegistry): Promise<DataVersions>;
  prepare(onProgress: (progress: PrepareProgress) => void): Promise<PreparationStart>;
  /**
   * Prepares what another registry adds, while the present one is served: stores of new featurestores, and values. The
   * featurestores of both must have the same stores.
   */
  prepareFor(next: Registry): Promise<PreparationStart>;
  /** Removes the names that entity types, sources and features had before, once no request reads by them. */
  forgetNames(served: Registry): Promise<void>;
  /** Refreshes while the gateway serves. */
  readonly preparation: StorePreparation;
  /**
   * Whether the online store of an entity type with computed sources still has, after preparation, what was computed
   * here.
   */
  fillOwner(entityType: EntityType): Promise<FillOwner>;
  /**
   * Whether current values can be read. Offline stores do not count. Otherwise an outage of BigQuery would take all
   * instances out of service, and reads of current values, which do not use it, would fail too.
   */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StoresOptions extends OnlineStoreOptions, HistoryOptions {
  /** Receives what fails after rows were acknowledged. It is repeated. Absent: it is not reported. */
  readonly onWriteError?: (error: unknown) => void;
  /** Receives the number of acknowledged rows that are dropped, because the registry no longer has their source. */
  readonly onUnknownRows?: (rows: number) => void;
  /** The table that several gateways share, for the idempotency keys of writes. Absent: there is one gateway. */
  readonly sharedTable?: TableAddress | null;
  /** Absent: the clock of the machine. */
  readonly clock?: Clock;
  /** For tests, whose BigQuery is not Google's. */
  readonly bigqueryClient?: BigQueryClientOptions;
  /** The memory limit of DuckDB; undefined: half of the memory of the machine or container. */
  readonly memoryLimitBytes?: number | undefined;
}

export async function openStores(
  registry: Registry,
  dataDirectory: string,
  options: StoresOptions,
): Promise<OpenStores> {
  return openOrDispose((opened) => openAll(registry, dataDirectory, options, opened));
}

async function openAll(
  registry: Registry,
  dataDirectory: string,
  options: StoresOptions,
  opened: AsyncDisposableStack,
): Promise<OpenStores> {
  await openDataFolder(dataDirectory);
  const offline = await openOfflineStores(registry, dataDirectory, options.memoryLimitBytes, options.bigqueryClient);
  opened.defer(() => offline.close());
  const online = await openOnlineStores(registry, dataDirectory, options);
  opened.defer(() => online.close());
  // No request reads yet, so the old names end at once.
  await eachLmdb(registry, online, (store, entityTypes) => store.addNames(entityTypes));
  await eachLmdb(registry, online, (store, entityTypes) => store.forgetNames(entityTypes));
  const { onWriteError = () => undefined, onUnknownRows = () => undefined, clock = systemClock } = options;
  const writers = await openFeatureWriters({
    registry,
    offline,
    online,
    dataDirectory,
    sharedTable: options.sharedTable ?? null,
    clock,
    onError: onWriteError,
    onUnknownRows,
  });
  opened.defer(() => writers.close());
  const keyed = await openHistory({ registry, embedded: offline.embedded, writers, options });
  if (keyed) opened.defer(() => keyed.keeper.close());
  const rename = async (change: () => Promise<void>, next: Registry): Promise<void> => {
    const renamed = (): Promise<void> => (writers.logged ? writers.logged.rename(change) : change());
    return keyed ? keyed.keeper.rename(keyed.sourcesOf(next), renamed) : renamed();
  };
  const preparation = new StorePreparation({
    offline: offline.embedded,
    toFill: (featurestore) => online.toFill(featurestore),
    clock: systemClock,
  });
  return {
    embedded: offline.embedded,
    reader: offline.reader,
    findRemoteStore: (featurestore) => offline.findRemote(featurestore),
    online: (featurestore) => online.of(featurestore),
    offline: (featurestore) => offline.of(featurestore),
    writers,
    findPastReads: (featurestore) => keyed?.findReads(featurestore),
    historyKeeper: keyed?.keeper ?? null,
    dataVersions: (planned) => openDataVersions(planned, offline.embedded, writers),
    prepare: (onProgress) => preparation.prepare(registry, onProgress),
    preparation,
    prepareFor: async (next) => {
      await offline.add(next);
      await online.add(next);
      await writers.add(next);
      const sources = next.featurestores
        .filter(({ offlineSettings }) => offlineSettings.kind === 'DUCKDB')
        .flatMap(listSources);
      return preparation.prepare(
        next,
        () => undefined,
        () =>
          rename(async () => {
            await offline.embedded.addSources(sources);
            await eachLmdb(next, online, (store, entityTypes) => store.addNames(entityTypes));
          }, next),
      );
    },
    forgetNames: async (served) => {
      await rename(() => eachLmdb(served, online, (store, entityTypes) => store.forgetNames(entityTypes)), served);
      await writers.forgetNames(served);
    },
    fillOwner: (entityType) => preparation.fillOwner(entityType),
    isReady: async () => (await Promise.all(online.serving.map((store) => isHealthy(store)))).every(Boolean),
    close: () => opened.disposeAsync(),
  };
}

/** Calls the change for the embedded online store with all its entity types that have, or had, another name. */
async function eachLmdb(
  { featurestores }: Registry,
  online: OpenOnlineStores,
  change: (store: LmdbOnlineStore, entityTypes: readonly EntityType[]) => Promise<void>,
): Promise<void> {
  for (const featurestore of featurestores) {
    const store = online.findLmdb(featurestore);
    const renamed = featurestore.entityTypes.filter(isRenamed);
    if (store && renamed.length > 0) await change(store, renamed);
  }
}

function isRenamed({ renamedFrom, sources, features }: EntityType): boolean {
  return [{ renamedFrom }, ...sources, ...features].some((named) => named.renamedFrom !== null);
}

/** The stores that `featuregraph doctor` checks: every store of the registry, without opening it. */
export async function diagnoseStores(
  registry: Registry,
  dataDirectory: string,
  vertexClient?: OnlineStoreOptions['vertexClient'],
): Promise<Diagnosis[]> {
  return [
    { store: 'embedded stores', findings: diagnoseDataFolder(dataDirectory) },
    ...(await diagnoseOnlineStores(registry, dataDirectory, vertexClient)),
    ...(await diagnoseOfflineStores(registry)),
  ];
}

/** What `doctor --deep` does in each store that is not embedded: reads, a tiny query, a dry run, a marked row. */
export async function probeStores(
  registry: Registry,
  dataDirectory: string,
  { vertex, bigquery }: GoogleClientOptions,
): Promise<Diagnosis[]> {
  return [
    ...(await diagnoseOnlineStores(registry, dataDirectory, vertex, probeOnlineStoreOf)),
    ...(await diagnoseOfflineStores(registry, (settings, sources) => probeOfflineStore(settings, sources, bigquery))),
  ];
}
