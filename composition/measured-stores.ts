import type { FeatureStores } from '../serving/feature-stores.js';
import type { OfflineStore } from '../datasources/offline/offline-store.js';
import type { OnlineStore } from '../datasources/online/online-store.js';
import type { EntityType } from '../datasources/registry/model.js';
import type { GatewayMetrics, StoreReadKind } from '../observability/gateway-metrics.js';
import { inSpan } from '../runtime/spans.js';
import type { FeatureCell } from '../values/feature-cell.js';

/** The stores for resolvers, with every read measured. It wraps the ports, so neither side depends on it. */
export function measuredStores(stores: FeatureStores, metrics: GatewayMetrics): FeatureStores {
  const online = new WeakMap<OnlineStore, OnlineStore>();
  const offline = new WeakMap<OfflineStore, OfflineStore>();
  return {
    online: (featurestore) => once(online, stores.online(featurestore), (store) => measuredOnline(store, metrics)),
    offline: (featurestore) => once(offline, stores.offline(featurestore), (store) => measuredOffline(store, metrics)),
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
        metrics.values(read.entityType, countStatuses(rows.map((row) => row.filter((cell) => cell !== undefined))));
        return rows;
      },
    },
    read: (read) => measure('online', read.entityType, read.entityIds.length, () => store.read(read), metrics),
    write: (entityType, writes) => store.write(entityType, writes),
    delete: (entityType, entityIds) => store.delete(entityType, entityIds),
    isHealthy: () => store.isHealthy(),
    close: () => store.close(),
  };
}

function measuredOffline(store: OfflineStore, metrics: GatewayMetrics): OfflineStore {
  return {
    maxLabelsPerRead: store.maxLabelsPerRead,
    bulk: store.bulk,
    hasCreationTimes: (source) => store.hasCreationTimes(source),
    pointInTime: (read) =>
      measure('point_in_time', read.entityType, read.labels.length, () => store.pointInTime(read), metrics),
    history: (read) =>
      inSpan(
        'store.read',
        () => store.history(read),
        () => ({ attributes: { 'featuregraph.read': 'history' } }),
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
  metrics.values(entityType, countStatuses(rows));
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
function countStatuses(rows: readonly (readonly FeatureCell[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const { status } of row) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

function once<Store extends object>(made: WeakMap<Store, Store>, store: Store, make: (store: Store) => Store): Store {
  let measured = made.get(store);
  if (!measured) made.set(store, (measured = make(store)));
  return measured;
}
