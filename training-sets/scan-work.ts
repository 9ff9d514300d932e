import type { Instant } from '../values/instant.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import { labelsPerScan } from '../datasources/offline/offline-store.js';
import { describeOfflineStore } from '../datasources/registry/store-kinds.js';
import { THIS_MACHINE } from '../costs/price-book.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { TrainingSetJoin, TrainingSetRequest } from './training-sets.js';

/** What a label is in a table that it is loaded into: its number, its time, and an id of up to a hundred letters. */
const BYTES_PER_LOADED_LABEL = 118n;

/**
 * What a training set scans at most, without reading the times of its labels: as if they were of all times. A source is
 * scanned once for so many labels as its store takes at once, so they are counted where that is fewer than there may be.
 */
export async function scanWork(
  request: TrainingSetRequest,
  stores: Pick<FeatureStores, 'offline'>,
  now: Instant,
  countLabels: () => Promise<number>,
): Promise<ScanWork> {
  const isHere = request.joins.every(isLocal);
  const remote = request.joins.filter((join) => !isLocal(join));
  const perScan = remote.map(({ entityType }) => labelsPerScan(stores.offline(entityType.featurestore)));
  const count = isHere ? 0 : await countLabels();
  // A training set goes through its labels in chunks that every store takes.
  const scans = isHere ? 1 : Math.max(1, Math.ceil(count / Math.min(...perScan)));
  const bytes = await Promise.all(
    request.joins.map((join) => estimateSourceBytes(join, request, stores, { now, count, scans })),
  );
  const priceBook = isHere ? THIS_MACHINE : null;
  return { kind: 'SCAN', bytes: bytes.reduce((sum, scan) => sum + scan, 0n), scans, priceBook };
}

function isLocal({ entityType }: TrainingSetJoin): boolean {
  return describeOfflineStore(entityType.featurestore.offlineSettings).isLocal;
}

async function estimateSourceBytes(
  join: TrainingSetJoin,
  { options }: TrainingSetRequest,
  stores: Pick<FeatureStores, 'offline'>,
  { now, count, scans }: { readonly now: Instant; readonly count: number; readonly scans: number },
): Promise<bigint> {
  const { entityType, features } = join;
  const store = stores.offline(entityType.featurestore);
  const labels = [0n, now].map((time) => ({ entityId: 'any', time }));
  const scan = await store.estimateBytes({ entityType, labels, features, options });
  if (isLocal(join)) return scan;
  const isLoaded = store.bulk !== undefined && count > store.maxLabelsPerRead;
  const sources = new Set(features.map(({ source }) => source)).size;
  // When it is checked each source is scanned once more.
  return scan * BigInt(scans + 1) + (isLoaded ? BYTES_PER_LOADED_LABEL * BigInt(count * sources) : 0n);
}
