import type { FeatureStores } from '../serving/feature-stores.js';
import type { PastReads } from '../serving/past-reads.js';
import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { OnlineRead, OnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, Featurestore } from '../datasources/registry/model.js';
import type { GatewayMetrics, StoreReadKind } from '../observability/gateway-metrics.js';
import { inSpan } from '../runtime/spans.js';
import type { CellStatus, FeatureCell } from '../values/feature-cell.js';

/** The stores for resolvers, with every read measured. It wraps the ports, so neither side depends on it. */
export function measuredStores(
  stores: FeatureStores & { findPastReads?(featurestore: Featurestore): PastReads | undefined },
  metrics: GatewayMetrics,
): FeatureStores {
  const online = new WeakMap<OnlineStore, OnlineStore>();
  const offline = new WeakMap<PastReads, OfflineStore>();
  return {
    online: (featurestore) => once(online, stores.online(featurestore), (store) => measuredOnline(store, metrics)),
    offline: (featurestore) => {
      const store = stores.offline(featurestore);
      const past = stores.findPastReads?.(featurestore) ?? store;
      return once(offline, past, () => measuredOffline(store, past, metrics));
    },
  };
}

function measuredOnline(store: OnlineStore, metrics: GatewayMetrics): OnlineStore {
  const { versions } = store;
  return {
    maxEntityIdsPerRead: store.maxEntityIdsPerRead,
    versions: versions && {
      retention: versions.retention,
      readAsOf: async (read) => {
        const rows = await measureRead('online_as_of', read.entityIds.length, () => versions.readAsOf(read), metrics);
        // A read that it cannot answer is counted where the offline store reads it.
        metrics.values(
          read.entityType,
          countStatuses(rows, (cell) => cell?.status),
        );
        return rows;
      },
    },
    read: (read) => measure('online', read.entityType, read.entityIds.length, () => store.read(read), metrics),
    ...(store.readTexts && {
      readTexts: async (read: OnlineRead) => {
        const rows = await measureRead('online', read.entityIds.length, () => store.readTexts!(read), metrics);
        const counts = new Map<CellStatus, number>();
        for (const row of rows) row.countStatuses(counts);
        metrics.values(read.entityType, counts);
        return rows;
      },
    }),
    write: (entityType, writes) => store.write(entityType, writes),
    delete: (entityType, entityIds) => store.delete(entityType, entityIds),
    isHealthy: () => store.isHealthy(),
    close: () => store.close(),
  };
}

function measuredOffline(store: OfflineStore, past: PastReads, metrics: GatewayMetrics): OfflineStore {
  return {
    maxLabelsPerRead: store.maxLabelsPerRead,
    bulk: store.bulk,
    hasCreationTimes: (source) => store.hasCreationTimes(source),
    pointInTime: (read) =>
      measure('point_in_time', read.entityType, read.labels.length, () => past.pointInTime(read), metrics),
    history: (read) =>
      inSpan(
        'store.read',
        () => past.history(read),
        () => ({ attributes: { 'featuregraph.read': 'history' } }),
      ),
    explain: (read) =>
      inSpan(
        'store.read',
        () => store.explain(read),
        () => ({ attributes: { 'featuregraph.read': 'explain' } }),
      ),
    statistics: (read) =>
      inSpan(
        'store.read',
        () => store.statistics(read),
        () => ({ attributes: { 'featuregraph.read': 'statistics' } }),
      ),
    estimateStatisticsScan: (read) => store.estimateStatisticsScan(read),
    hasApproximateQuantiles: store.hasApproximateQuantiles,
    rows: (read) => store.rows(read),
    append: (source, rows) => store.append(source, rows),
    delete: (entityType, entityIds) => store.delete(entityType, entityIds),
    newest: (source, read) => store.newest(source, read),
    estimateNewestScan: (source, read) => store.estimateNewestScan(source, read),
    entityTimes: (read) => store.entityTimes(read),
    estimateEntityTimes: (read) => store.estimateEntityTimes(read),
    sampleEntityIds: (entityType, count) => store.sampleEntityIds(entityType, count),
    estimateScan: (read) => store.estimateScan(read),
    isHealthy: () => store.isHealthy(),
    close: () => store.close(),
  };
}

async function measure(
  kind: StoreReadKind,
  entityType: EntityType,
  entities: number,
  readCells: () => Promise<FeatureCell[][]>,
  metrics: GatewayMetrics,
): Promise<FeatureCell[][]> {
  const rows = await measureRead(kind, entities, readCells, metrics);
  metrics.values(
    entityType,
    countStatuses(rows, ({ status }) => status),
  );
  return rows;
}

async function measureRead<Rows>(
  kind: StoreReadKind,
  entities: number,
  read: () => Promise<Rows>,
  metrics: GatewayMetrics,
): Promise<Rows> {
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  try {
    const rows = await inSpan('store.read', read, () => ({
      attributes: { 'featuregraph.read': kind, 'featuregraph.entities': entities },
    }));
    metrics.read(kind, 'ok', entities, seconds());
    return rows;
  } catch (error) {
    metrics.read(kind, 'failed', entities, seconds());
    throw error;
  }
}

/**
 * Counts locally and adds once: a read returns up to a million values, and each counter increment hashes its labels.
 */
function countStatuses<Cell>(
  rows: readonly (readonly Cell[])[],
  statusOf: (cell: Cell) => CellStatus | undefined,
): Map<CellStatus, number> {
  const counts = new Map<CellStatus, number>();
  // Most cells have the status of the one before.
  let last: CellStatus | undefined;
  let run = 0;
  for (const row of rows) {
    for (const cell of row) {
      const status = statusOf(cell);
      if (status !== last) {
        if (last !== undefined) counts.set(last, (counts.get(last) ?? 0) + run);
        last = status;
        run = 0;
      }
      run += 1;
    }
  }
  if (last !== undefined) counts.set(last, (counts.get(last) ?? 0) + run);
  return counts;
}

function once<Key extends object, Store>(made: WeakMap<Key, Store>, store: Key, make: (store: Key) => Store): Store {
  let measured = made.get(store);
  if (!measured) made.set(store, (measured = make(store)));
  return measured;
}
