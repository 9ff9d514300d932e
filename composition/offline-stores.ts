import { join } from 'node:path';
import type { Diagnosis } from '../datasources/diagnosis.js';
import { DuckDbDatabase } from '../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../datasources/offline/duckdb/duckdb-offline-store.js';
import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { EntityType, FeatureSource, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { requestScope } from '../observability/request-scope.js';
import { systemClock } from '../values/clock.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';

export interface OpenOfflineStores {
  /** What runs on this machine: also where labels, inputs and outputs of local jobs are read and written. */
  readonly embedded: DuckDbOfflineStore;
  of(featurestore: Featurestore): OfflineStore;
  /** undefined for a featurestore in the embedded one. */
  findRemote(featurestore: Featurestore): OfflineStore | undefined;
  readonly all: readonly OfflineStore[];
  close(): Promise<void>;
}

/** The offline store of each featurestore, open. Nothing of BigQuery is loaded when none names it. */
export async function openOfflineStores(registry: Registry, dataDirectory: string): Promise<OpenOfflineStores> {
  return openOrDispose((opened) => openAll(registry, dataDirectory, opened));
}

async function openAll(
  registry: Registry,
  dataDirectory: string,
  opened: AsyncDisposableStack,
): Promise<OpenOfflineStores> {
  const onThisMachine = registry.featurestores.filter(({ offlineSettings }) => offlineSettings.kind === 'DUCKDB');
  const database = await DuckDbDatabase.open(fileIn(dataDirectory));
  opened.defer(() => database.close());
  const embedded = await DuckDbOfflineStore.open(database, onThisMachine.flatMap(listSources));
  const findRemote = new Map<Featurestore, OfflineStore>();
  for (const featurestore of registry.featurestores) {
    const { offlineSettings: settings } = featurestore;
    if (settings.kind !== 'BIGQUERY') continue;
    const { openBigQueryOfflineStore } = await import('../datasources/offline/bigquery/open-bigquery.js');
    const store = await openBigQueryOfflineStore(settings, listSources(featurestore), {
      clock: systemClock,
      currentOrigin: () => ({ tenant: resolveTenant(featurestore), ...requestScope.getStore() }),
    });
    opened.defer(() => store.close());
    findRemote.set(featurestore, store);
  }
  return {
    embedded,
    findRemote: (featurestore) => findRemote.get(featurestore),
    of: (featurestore) => findRemote.get(featurestore) ?? embedded,
    all: [embedded, ...findRemote.values()],
    close: () => opened.disposeAsync(),
  };
}

/** The offline store of one entity type, to read from: nothing is made, and no other store is opened. */
export async function openOfflineStoreToRead(
  { featurestore, sources }: EntityType,
  dataDirectory: string,
): Promise<OfflineStore> {
  const { offlineSettings: settings } = featurestore;
  if (settings.kind === 'DUCKDB') {
    return DuckDbOfflineStore.openToRead(await DuckDbDatabase.open(fileIn(dataDirectory), { toRead: true }));
  }
  const { openBigQueryOfflineStore } = await import('../datasources/offline/bigquery/open-bigquery.js');
  return openBigQueryOfflineStore({ ...settings, createTables: false }, sources, { clock: systemClock });
}

/** What doctor looks at, without opening anything. */
export async function diagnoseOfflineStores(registry: Registry): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  for (const featurestore of registry.featurestores) {
    const { offlineSettings: settings } = featurestore;
    if (settings.kind !== 'BIGQUERY') continue;
    const { diagnoseBigQuery } = await import('../datasources/offline/bigquery/diagnose.js');
    diagnoses.push({
      store: `offline store BIGQUERY: ${settings.project}${settings.dataset === null ? '' : `.${settings.dataset}`}`,
      findings: diagnoseBigQuery(settings, listSources(featurestore)),
    });
  }
  return diagnoses;
}

/** Who pays for a query: until there is a login, whoever the registry says the featurestore is of. */
function resolveTenant({ name, labels }: Featurestore): string {
  return labels.tenant ?? name;
}

function fileIn(dataDirectory: string): string {
  return join(dataDirectory, 'offline.duckdb');
}

function listSources({ entityTypes }: Featurestore): FeatureSource[] {
  return entityTypes.flatMap(({ sources }) => sources);
}
