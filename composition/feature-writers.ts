import { join } from 'node:path';
import { DuckDbWrittenHistory } from '../datasources/offline/duckdb/duckdb-written-history.js';
import type { TableAddress } from '../datasources/google/bigtable/client.js';
import type { LmdbHistory } from '../datasources/online/lmdb/lmdb-history.js';
import type { OnlineWrite } from '../datasources/online/online-store.js';
import type { EntityType, Featurestore } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { FeatureWriter } from '../ingestion/feature-writer.js';
import { DirectFeatureWriter } from '../ingestion/writes/direct-feature-writer.js';
import type { EntityDeletion } from '../ingestion/writes/entity-deletion.js';
import type { FeatureWrites } from '../ingestion/writes/feature-writes.js';
import { Quarantine } from '../ingestion/quarantine/quarantine.js';
import { KeyedWrites } from '../ingestion/writes/keyed-writes.js';
import { LoggedFeatureWriter } from '../ingestion/writes/logged-feature-writer.js';
import { WriteWatch } from '../ingestion/writes/write-watch.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';
import type { Clock } from '../values/clock.js';
import type { OpenOfflineStores } from './offline-stores.js';
import type { OpenOnlineStores } from './online-stores.js';
import { openWriteKeys } from './open-write-keys.js';

export interface FeatureWritersOptions {
  readonly registry: Registry;
  readonly offline: OpenOfflineStores;
  readonly online: OpenOnlineStores;
  readonly dataDirectory: string;
  /** The table that several gateways share; null: there is one gateway. */
  readonly sharedTable: TableAddress | null;
  readonly clock: Clock;
  /** Receives what fails after rows were acknowledged. It is repeated. */
  readonly onError: (error: unknown) => void;
  /** Receives the number of acknowledged rows of sources that the registry no longer has: they are dropped. */
  readonly onUnknownRows: (rows: number) => void;
}

export interface OpenFeatureWriters extends FeatureWrites {
  /** The writer of the embedded stores; null while no featurestore has them. */
  readonly logged: LoggedFeatureWriter | null;
  /** Opens the writers of featurestores that another registry adds. Their stores are open already. */
  add(next: Registry): Promise<void>;
  /** The key-value history, which gets what the writer of the embedded stores writes. */
  readonly history: LmdbHistory | null;
  /** Whether the rows of a featurestore are written to the embedded stores alone. */
  isLogged(featurestore: Featurestore): boolean;
  /** Gives what the writers keep by name the names of the registry that is served now. */
  forgetNames(served: Registry): Promise<void>;
  /** The rows that are not served because the registry says so of their violations. */
  readonly quarantine: Pick<Quarantine, 'bytes'>;
  close(): Promise<void>;
}

/** Opens the writers of all featurestores. It moves what the last process left into the embedded offline store. */
export async function openFeatureWriters(options: FeatureWritersOptions): Promise<OpenFeatureWriters> {
  return openOrDispose((opened) => openAll(options, opened));
}

async function openAll(
  { registry, offline, online, dataDirectory, sharedTable, clock, onError, onUnknownRows }: FeatureWritersOptions,
  opened: AsyncDisposableStack,
): Promise<OpenFeatureWriters> {
  const keys = await openWriteKeys({ dataDirectory, sharedTable, clock });
  opened.defer(() => keys.close());
  const folder = join(dataDirectory, 'quarantine');
  const quarantine = await Quarantine.open({ folder, clock, onError });
  opened.defer(() => quarantine.close());
  const forgetNames = ({ featurestores }: Registry): Promise<void> =>
    quarantine.rename(featurestores.flatMap(({ entityTypes }) => entityTypes));
  await forgetNames(registry);
  const watch = new WriteWatch();
  const onPromoted = (writes: readonly OnlineWrite[]): void => {
    for (const { entityId, source, values } of writes) {
      watch.publishChanged(
        source.entityType,
        [entityId],
        source.features.filter(({ name }) => values.has(name)),
      );
    }
  };
  let logged: LoggedFeatureWriter | null = null;
  let keyed: LmdbHistory | null = null;
  const openLogged = async ({ featurestores }: Registry): Promise<void> => {
    const lmdb = featurestores.map((featurestore) => online.findLmdb(featurestore)).find(Boolean);
    if (logged || !lmdb) return;
    keyed = lmdb.openHistory();
    const { database } = offline.embedded;
    const history = await DuckDbWrittenHistory.open(database);
    opened.defer(() => history.close());
    const log = lmdb.openLog((featurestore, entityType, source) =>
      registry
        .findFeaturestore(featurestore)
        ?.entityTypes.find(({ name, renamedFrom }) => name === entityType || renamedFrom === entityType)
        ?.sources.find(({ name, renamedFrom }) => name === source || renamedFrom === source),
    );
    await keyed.continueLog(log);
    const writer = await LoggedFeatureWriter.open({ log, history, clock, onError, onUnknownRows, onPromoted });
    opened.defer(() => writer.close());
    database.beforeUse = (entities) => writer.drained(entities);
    logged = writer;
  };
  const direct = new Map<string, DirectFeatureWriter>();
  const add = async (next: Registry): Promise<void> => {
    await openLogged(next);
    for (const featurestore of next.featurestores) {
      // A shadow store gets the writes of the online store, which a log would not reach.
      const isLogged = online.findLmdb(featurestore) && !featurestore.shadow && !offline.findRemote(featurestore);
      if (isLogged || direct.has(keyOf(featurestore))) continue;
      const stores = { online: online.of(featurestore), offline: offline.of(featurestore) };
      const writer = new DirectFeatureWriter({ ...stores, clock, onError, onPromoted });
      opened.defer(() => writer.close());
      direct.set(keyOf(featurestore), writer);
      // In the background: a warehouse that does not answer must not hold up the start.
      void writer.resume(featurestore.entityTypes);
    }
  };
  await add(registry);
  const writerOf = ({ featurestore }: EntityType): FeatureWriter & EntityDeletion =>
    direct.get(keyOf(featurestore)) ?? logged!;
  return {
    writer: {
      write: async (request) => {
        const outcome = await writerOf(request.entityType).write(request);
        watch.publish(request, outcome);
        // The rows that are written are durable already. After a failure, the client sends all again.
        if (outcome.quarantined.length > 0) await quarantine.add(request, outcome.quarantined);
        return outcome;
      },
    },
    deletion: {
      deleteEntities: async (entityType, entityIds) => {
        const outcome = await writerOf(entityType).deleteEntities(entityType, entityIds);
        watch.publishChanged(entityType, entityIds, entityType.features);
        return { ...outcome, quarantinedRows: await quarantine.erase(entityType, entityIds) };
      },
    },
    watch,
    positionOf: ({ featurestore }) => direct.get(keyOf(featurestore))?.positionOf(featurestore) ?? logged!.position,
    quarantine,
    forgetNames,
    keyed: new KeyedWrites(keys),
    get logged() {
      return logged;
    },
    get history() {
      return keyed;
    },
    isLogged: (featurestore) => logged !== null && !direct.has(keyOf(featurestore)),
    add,
    close: () => opened.disposeAsync(),
  };
}

/** By name and stores: the objects are others after another registry was applied. */
function keyOf({ name, onlineSettings, offlineSettings, shadow }: Featurestore): string {
  return JSON.stringify([name, onlineSettings, offlineSettings, shadow]);
}
