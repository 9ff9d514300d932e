import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { FeatureRow, OfflineStore } from '../../datasources/offline/offline-store.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { LmdbHistory } from '../../datasources/online/lmdb/lmdb-history.js';
import type { EntityType, FeatureSource } from '../../datasources/registry/model.js';
import { HistoryKeeper } from '../../ingestion/history/history-keeper.js';
import { historyFirst, type PastReadOutcome } from '../../serving/past-reads.js';
import { storeWith } from './store-with.js';

/** How rows come into the key-value history. */
export type HistoryWay = 'COPIED' | 'WRITTEN';

export interface HistoryStores {
  /** What answered each read of the past. */
  readonly outcomes: PastReadOutcome[];
  /** A store whose reads of the past are answered by the key-value history. */
  storeFor(entityType: EntityType): Promise<OfflineStore>;
  dispose(): Promise<void>;
}

/**
 * DuckDB with a key-value history in front. COPIED: rows are appended to DuckDB and copied. WRITTEN: the empty table is
 * copied, and each append is a commit of the log, which removes every second one later.
 */
export async function openHistoryStores(way: HistoryWay): Promise<HistoryStores> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-history-'));
  const database = await DuckDbDatabase.open(':memory:');
  const opened: OpenHistory[] = [await openHistory(join(folder, '0'))];
  const outcomes: PastReadOutcome[] = [];

  return {
    outcomes,
    storeFor: async (entityType) => {
      // Shrinking a failure asks for more stores than one environment has histories of sources.
      if (opened.at(-1)!.sources.size >= MAX_SOURCES) opened.push(await openHistory(join(folder, `${opened.length}`)));
      const { history, log, sources } = opened.at(-1)!;
      const offline = await DuckDbOfflineStore.open(database, entityType.sources);
      for (const source of entityType.sources) sources.set(`${entityType.name}/${source.name}`, source);
      if (way === 'WRITTEN') await copyRows(history, offline, entityType.sources);
      return storeWith<OfflineStore>(offline, {
        ...historyFirst(history, offline, (outcome) => outcomes.push(outcome)),
        append: async (source, rows) => {
          const outcome = await offline.append(source, rows);
          if (way === 'COPIED') {
            await copyRows(history, offline, entityType.sources);
            return outcome;
          }
          const rejected = new Set(outcome.rejected.map(({ row }) => row));
          const sequence = log.last.sequence + 1;
          await log.commit({
            sequence,
            created: BigInt(sequence),
            rows: rows.filter((_, row) => !rejected.has(row)).map((row) => toWrite(source, row)),
            future: new Set(),
          });
          // Reads find some of the rows in memory, and others in the file.
          if (sequence % 2 === 0) {
            await log.remove(sequence - 1);
            await log.settle();
          }
          return outcome;
        },
        delete: async (of, entityIds) => {
          const outcome = await offline.delete(of, entityIds);
          await log.deleteEntities(of, entityIds);
          return outcome;
        },
      });
    },
    dispose: async () => {
      for (const { online } of opened) await online.close();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

const MAX_SOURCES = 200;

async function openHistory(folder: string) {
  const online = new LmdbOnlineStore(folder);
  const history: LmdbHistory = online.openHistory();
  const sources = new Map<string, FeatureSource>();
  const log = online.openLog((_featurestore, entityType, source) => sources.get(`${entityType}/${source}`));
  await history.continueLog(log);
  return { online, history, log, sources };
}
type OpenHistory = Awaited<ReturnType<typeof openHistory>>;

/** Copies the rows of sources again, as after an import. */
export async function copyRows(
  history: LmdbHistory,
  offline: DuckDbOfflineStore,
  sources: readonly FeatureSource[],
): Promise<void> {
  const keeper = new HistoryKeeper({
    history,
    openSnapshot: (source) => offline.openSnapshot(source),
    alone: (task) => task(),
    listSources: () => sources,
    maxRows: 1_000_000,
    onBuilt: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  for (const source of sources) history.suspend(source);
  keeper.start();
  await keeper.settled();
  await keeper.close();
}

function toWrite(source: FeatureSource, { entityId, timestamp, createdTimestamp, sequence, values }: FeatureRow) {
  return {
    entityId: entityId!,
    source,
    version: { timestamp, createdTimestamp: createdTimestamp ?? null, sequence: sequence ?? null },
    values,
  };
}
