import type { Instant } from '../values/instant.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import { labelsPerScan } from '../datasources/offline/offline-store.js';
import { describeOfflineStore } from '../datasources/registry/store-kinds.js';
import { THIS_MACHINE } from '../costs/price-book.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { TrainingSetJoin, TrainingSetRequest } from './training-sets.js';

/**
 * The approximate size of a label in a table that it is loaded into: its number, its time, and an id of up to a hundred
 * characters.
 */
const BYTES_PER_LOADED_LABEL = 118n;

/**
 * The maximum scan work of a training set. The times of its labels are not read, so the estimate assumes all times. A
 * source is scanned once for each set of labels that its store accepts at once, so the labels are counted if the store
 * has such a limit.
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
  // The chunks of a training set are small enough for every store.
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
  // The validation scans each source once more.
  return scan * BigInt(scans + 1) + (isLoaded ? BYTES_PER_LOADED_LABEL * BigInt(count * sources) : 0n);
}
