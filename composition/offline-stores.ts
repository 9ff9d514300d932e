import type { Diagnosis } from '../datasources/diagnosis.js';
import type { FileReader } from '../datasources/files/file-reader.js';
import type { BigQueryClientOptions } from '../datasources/google/bigquery/client.js';
import type { DuckDbOfflineStore } from '../datasources/offline/duckdb/duckdb-offline-store.js';
import type { GrowingOfflineStore, OfflineStore } from '../datasources/offline/offline-store.js';
import type { Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';
import { diagnoseOfflineStore, listSources, openEmbeddedStore, openOfflineStore } from './offline-store-adapters.js';

export interface OpenOfflineStores {
  /** The store on this machine, where local jobs also read and write labels, inputs and outputs. */
  readonly embedded: DuckDbOfflineStore;
  /** Reads every file that users name. */
  readonly reader: FileReader;
  of(featurestore: Featurestore): OfflineStore;
  /** undefined for a featurestore in the embedded store. */
  findRemote(featurestore: Featurestore): OfflineStore | undefined;
  /** Opens what another registry names and this one does not, and adds the sources that are new in the remote stores. */
  add(next: Registry): Promise<void>;
  close(): Promise<void>;
}

/** Opens the offline store of each featurestore. BigQuery's code is loaded only when a featurestore names it. */
export async function openOfflineStores(
  registry: Registry,
  dataDirectory: string,
  memoryLimitBytes?: number,
  bigqueryClient?: BigQueryClientOptions,
): Promise<OpenOfflineStores> {
  return openOrDispose((opened) => openAll(registry, { dataDirectory, memoryLimitBytes, bigqueryClient }, opened));
}

async function openAll(
  registry: Registry,
  {
    dataDirectory,
    memoryLimitBytes,
    bigqueryClient,
  }: {
    readonly dataDirectory: string;
    readonly memoryLimitBytes: number | undefined;
    readonly bigqueryClient: BigQueryClientOptions | undefined;
  },
  opened: AsyncDisposableStack,
): Promise<OpenOfflineStores> {
  const { embedded, reader } = await openEmbeddedStore(registry, dataDirectory, memoryLimitBytes);
  opened.defer(() => embedded.close());
  opened.use(reader);
  const remote = new Map<string, GrowingOfflineStore>();
  const add = async ({ featurestores }: Registry): Promise<void> => {
    for (const featurestore of featurestores) {
      const known = remote.get(keyOf(featurestore));
      if (known) {
        await known.addSources(listSources(featurestore));
        continue;
      }
      const store = await openOfflineStore(featurestore.offlineSettings, featurestore, embedded, bigqueryClient);
      if (store === embedded) continue;
      opened.defer(() => store.close());
      remote.set(keyOf(featurestore), store);
    }
  };
  await add(registry);
  return {
    embedded,
    reader,
    findRemote: (featurestore) => remote.get(keyOf(featurestore)),
    of: (featurestore) => remote.get(keyOf(featurestore)) ?? embedded,
    add,
    close: () => opened.disposeAsync(),
  };
}

/** By name and settings: the objects are others after another registry was applied. */
function keyOf({ name, offlineSettings }: Featurestore): string {
  return JSON.stringify([name, offlineSettings]);
}

/** What doctor finds of each store: by default without opening it, or what `inspect` finds. */
export async function diagnoseOfflineStores(registry: Registry, inspect = diagnoseOfflineStore): Promise<Diagnosis[]> {
  const diagnoses = registry.featurestores.map((featurestore) =>
    inspect(featurestore.offlineSettings, listSources(featurestore)),
  );
  return (await Promise.all(diagnoses)).flat();
}
