import { join } from 'node:path';
import { DuckDbWrittenHistory } from '../datasources/offline/duckdb/duckdb-written-history.js';
import { LmdbWriteKeys } from '../datasources/online/lmdb/lmdb-write-keys.js';
import type { EntityType } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { FeatureWriter } from '../ingestion/feature-writer.js';
import { DirectFeatureWriter } from '../ingestion/writes/direct-feature-writer.js';
import type { EntityDeletion } from '../ingestion/writes/entity-deletion.js';
import type { FeatureWrites } from '../ingestion/writes/feature-writes.js';
import { KeyedWrites } from '../ingestion/writes/keyed-writes.js';
import { LoggedFeatureWriter } from '../ingestion/writes/logged-feature-writer.js';
import { WriteWatch } from '../ingestion/writes/write-watch.js';
import { WRITE_LIMITS } from '../limits/write-limits.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';
import type { Clock } from '../values/clock.js';
import type { OpenOfflineStores } from './offline-stores.js';
import type { OpenOnlineStores } from './online-stores.js';

export interface FeatureWritersOptions {
  readonly registry: Registry;
  readonly offline: OpenOfflineStores;
  readonly online: OpenOnlineStores;
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** Receives what fails after rows were acknowledged. It is repeated. */
  readonly onError: (error: unknown) => void;
  /** Receives the number of acknowledged rows of sources that the registry no longer has: they are dropped. */
  readonly onUnknownRows: (rows: number) => void;
}

export interface OpenFeatureWriters extends FeatureWrites {
  /** The writer of the embedded stores. */
  readonly logged: LoggedFeatureWriter | null;
  close(): Promise<void>;
}

/** Opens the writers of all featurestores. It moves what the last process left into the embedded offline store. */
export async function openFeatureWriters(options: FeatureWritersOptions): Promise<OpenFeatureWriters> {
  return openOrDispose((opened) => openAll(options, opened));
}

async function openAll(
  { registry, offline, online, dataDirectory, clock, onError, onUnknownRows }: FeatureWritersOptions,
  opened: AsyncDisposableStack,
): Promise<OpenFeatureWriters> {
  const keys = new LmdbWriteKeys(join(dataDirectory, 'write-keys'), WRITE_LIMITS.maxRememberedKeys);
  opened.defer(() => keys.close());
  const lmdb = registry.featurestores.map((featurestore) => online.findLmdb(featurestore)).find(Boolean);
  let logged: LoggedFeatureWriter | null = null;
  if (lmdb) {
    const { database } = offline.embedded;
    const history = await DuckDbWrittenHistory.open(database);
    opened.defer(() => history.close());
    const log = lmdb.openLog((featurestore, entityType, source) =>
      registry
        .findFeaturestore(featurestore)
        ?.entityTypes.find(({ name, renamedFrom }) => name === entityType || renamedFrom === entityType)
        ?.sources.find(({ name, renamedFrom }) => name === source || renamedFrom === source),
    );
    const writer = await LoggedFeatureWriter.open({ log, history, clock, onError, onUnknownRows });
    opened.defer(() => writer.close());
    database.beforeUse = (entities) => writer.drained(entities);
    logged = writer;
  }
  // By name: the objects are others after another registry was applied.
  const direct = new Map<string, DirectFeatureWriter>();
  for (const featurestore of registry.featurestores) {
    // A shadow store gets the writes of the online store, which a log would not reach.
    const isLogged = online.findLmdb(featurestore) && !featurestore.shadow && !offline.findRemote(featurestore);
    if (isLogged) continue;
    const stores = { online: online.of(featurestore), offline: offline.of(featurestore) };
    const writer = new DirectFeatureWriter({ ...stores, clock, onError });
    opened.defer(() => writer.close());
    direct.set(featurestore.name, writer);
  }
  const writerOf = ({ featurestore }: EntityType): FeatureWriter & EntityDeletion =>
    direct.get(featurestore.name) ?? logged!;
  const watch = new WriteWatch();
  return {
    writer: {
      write: async (request) => {
        const outcome = await writerOf(request.entityType).write(request);
        watch.publish(request, outcome);
        return outcome;
      },
    },
    deletion: {
      deleteEntities: async (entityType, entityIds) => {
        const outcome = await writerOf(entityType).deleteEntities(entityType, entityIds);
        watch.publishChanged(entityType, entityIds, entityType.features);
        return outcome;
      },
    },
    watch,
    positionOf: ({ featurestore }) => direct.get(featurestore.name)?.positionOf(featurestore) ?? logged!.position,
    keyed: new KeyedWrites(keys),
    logged,
    close: () => opened.disposeAsync(),
  };
}
