import { join } from 'node:path';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import { DuckDbDatabase } from '../datasources/duckdb/database.js';
import type { BigQueryClientOptions } from '../datasources/google/bigquery/client.js';
import { FileReader } from '../datasources/files/file-reader.js';
import { DuckDbOfflineStore } from '../datasources/offline/duckdb/duckdb-offline-store.js';
import type { GrowingOfflineStore, OfflineStore } from '../datasources/offline/offline-store.js';
import type {
  EntityType,
  FeatureSource,
  Featurestore,
  OfflineStoreKind,
  OfflineStoreSettings,
} from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { systemClock } from '../values/clock.js';
import { requestScope } from '../observability/request-scope.js';
import { queryOrigin } from './query-origin.js';

/**
 * How a kind of offline store is opened and diagnosed. The code of a kind is loaded when it is needed: Google's clients
 * are large.
 */
interface OfflineStoreAdapter<Settings extends OfflineStoreSettings = OfflineStoreSettings> {
  /** `embedded` is open already, with the tables of its featurestores. */
  open(
    settings: Settings,
    featurestore: Featurestore,
    embedded: DuckDbOfflineStore,
    bigqueryClient?: BigQueryClientOptions,
  ): Promise<GrowingOfflineStore>;
  /** Opens the store read-only; creates nothing. */
  openToRead(settings: Settings, sources: readonly FeatureSource[], dataDirectory: string): Promise<OfflineStore>;
  /** doctor's findings, without opening the store. */
  diagnose?(settings: Settings, sources: readonly FeatureSource[]): Promise<StoreFindings>;
  /** Uses the store as the gateway does. Absent: the store is embedded, and another process may have it open. */
  probe?(
    settings: Settings,
    sources: readonly FeatureSource[],
    client: BigQueryClientOptions | undefined,
  ): Promise<StoreFindings>;
}

interface StoreFindings {
  /** The identity of the store among others of its kind, for the operator. */
  readonly name: string;
  readonly findings: AsyncIterable<Finding>;
}

const ADAPTERS = {
  DUCKDB: {
    // The store is part of the data folder, which doctor checks as a whole.
    open: async (_settings, _featurestore, embedded) => embedded,
    openToRead: async (_settings, _sources, dataDirectory) =>
      DuckDbOfflineStore.openToRead(await DuckDbDatabase.open(databaseFile(dataDirectory), { toRead: true })),
  },
  BIGQUERY: {
    open: async (settings, featurestore, _embedded, bigqueryClient) => {
      const { openBigQueryOfflineStore } = await import('../datasources/offline/bigquery/open-bigquery.js');
      return openBigQueryOfflineStore(settings, listSources(featurestore), {
        clock: systemClock,
        ...(bigqueryClient === undefined ? {} : { client: bigqueryClient }),
        currentOrigin: () => queryOrigin(resolveTenant(featurestore)),
      });
    },
    openToRead: async (settings, sources) => {
      const { openBigQueryOfflineStore } = await import('../datasources/offline/bigquery/open-bigquery.js');
      return openBigQueryOfflineStore({ ...settings, createTables: false }, sources, { clock: systemClock });
    },
    diagnose: async (settings, sources) => {
      const { diagnoseBigQuery } = await import('../datasources/offline/bigquery/diagnose.js');
      const { project, dataset } = settings;
      const name = dataset === null ? project : `${project}.${dataset}`;
      return { name, findings: diagnoseBigQuery(settings, sources) };
    },
    probe: async (settings, sources, client) => {
      const { probeBigQuery } = await import('../datasources/offline/bigquery/probe.js');
      return { name: settings.project, findings: probeBigQuery(settings, sources, client) };
    },
  },
} satisfies {
  readonly [Kind in OfflineStoreKind]: OfflineStoreAdapter<Extract<OfflineStoreSettings, { readonly kind: Kind }>>;
};

/** The store on this machine. It always exists, because local jobs use it too. */
export async function openEmbeddedStore(
  registry: Registry,
  dataDirectory: string,
  memoryLimitBytes?: number,
): Promise<EmbeddedStore> {
  const inIt = registry.featurestores.filter(({ offlineSettings }) => offlineSettings.kind === 'DUCKDB');
  // Opened first: its lock prevents another process from using this data folder.
  const database = await DuckDbDatabase.open(databaseFile(dataDirectory), {
    currentOwner: () => requestScope.getStore()?.requestId ?? '',
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
  });
  try {
    const reader = await FileReader.open(join(dataDirectory, 'reading'));
    return { embedded: await DuckDbOfflineStore.open(database, inIt.flatMap(listSources), { reader }), reader };
  } catch (error) {
    database.close();
    throw error;
  }
}

export interface EmbeddedStore {
  readonly embedded: DuckDbOfflineStore;
  /** Reads every file that users name. */
  readonly reader: FileReader;
}

/** The offline store of a featurestore: `embedded`, or one that is opened for it. */
export async function openOfflineStore(
  settings: OfflineStoreSettings,
  featurestore: Featurestore,
  embedded: DuckDbOfflineStore,
  bigqueryClient?: BigQueryClientOptions,
): Promise<GrowingOfflineStore> {
  return findAdapter(settings).open(settings, featurestore, embedded, bigqueryClient);
}

/** The offline store of one entity type, read-only: it creates nothing and opens no other store. */
export async function openOfflineStoreToRead(
  { featurestore: { offlineSettings }, sources }: EntityType,
  dataDirectory: string,
): Promise<OfflineStore> {
  return findAdapter(offlineSettings).openToRead(offlineSettings, sources, dataDirectory);
}

/** doctor's findings for one offline store; none for a store that another check covers. */
export async function diagnoseOfflineStore(
  settings: OfflineStoreSettings,
  sources: readonly FeatureSource[],
): Promise<Diagnosis[]> {
  const found = await findAdapter(settings).diagnose?.(settings, sources);
  return found ? [{ store: `offline store ${settings.kind}: ${found.name}`, findings: found.findings }] : [];
}

/** What happens in a use of one offline store; none for an embedded store. */
export async function probeOfflineStore(
  settings: OfflineStoreSettings,
  sources: readonly FeatureSource[],
  client?: BigQueryClientOptions,
): Promise<Diagnosis[]> {
  const found = await findAdapter(settings).probe?.(settings, sources, client);
  return found ? [{ store: `use of offline store ${settings.kind}: ${found.name}`, findings: found.findings }] : [];
}

/** Call it only with settings of the same kind. */
function findAdapter({ kind }: OfflineStoreSettings): OfflineStoreAdapter {
  return ADAPTERS[kind];
}

/** The payer of a query: there is no authentication yet, so the registry's owner of the featurestore. */
function resolveTenant({ name, labels }: Featurestore): string {
  return labels.tenant ?? name;
}

export function databaseFile(dataDirectory: string): string {
  return join(dataDirectory, 'offline.duckdb');
}

export function listSources({ entityTypes }: Featurestore): FeatureSource[] {
  return entityTypes.flatMap(({ sources }) => sources);
}
