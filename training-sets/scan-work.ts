import { EARLIEST_INSTANT, type Instant } from '../values/instant.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import { labelsPerScan, type OfflineStore, type ScanEstimate } from '../datasources/offline/offline-store.js';
import { describeOfflineStore } from '../datasources/registry/store-kinds.js';
import { scanTerms } from '../costs/scan-terms.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { TrainingSetJoin, TrainingSetRequest } from './training-sets.js';

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
  const estimates = await Promise.all(
    request.joins.map((join) => estimateJoin(join, request, stores, { now, count, scans })),
  );
  const bytes = estimates.reduce((sum, { scanned }) => sum + scanned, 0n);
  const billedBytes = estimates.reduce((sum, { billed }) => sum + billed, 0n);
  const featurestores = request.joins.map(({ entityType }) => entityType.featurestore);
  return { kind: 'SCAN', bytes, billedBytes, scans, ...scanTerms(featurestores) };
}

export function isLocal({ entityType }: TrainingSetJoin): boolean {
  return describeOfflineStore(entityType.featurestore.offlineSettings).isLocal;
}

async function estimateJoin(
  join: TrainingSetJoin,
  { options }: TrainingSetRequest,
  stores: Pick<FeatureStores, 'offline'>,
  { now, count, scans }: { readonly now: Instant; readonly count: number; readonly scans: number },
): Promise<ScanEstimate> {
  const { entityType, features } = join;
  const store = stores.offline(entityType.featurestore);
  const labels = [0n, now].map((time) => ({ entityId: 'any', time }));
  const scan = await store.estimateScan({ entityType, labels, features, options });
  if (isLocal(join)) return scan;
  const isLoaded = store.bulk !== undefined && count > store.maxLabelsPerRead;
  const sources = new Set(features.map(({ source }) => source)).size;
  const labelScan = isLoaded ? store.bulk.estimateLabelScan(count) : { scanned: 0n, billed: 0n };
  // The validation scans each source once more.
  const total = (ofSource: bigint, ofLabels: bigint): bigint =>
    ofSource * BigInt(scans + 1) + ofLabels * BigInt(sources);
  const repeated = await estimateRepeatedTimes(join, store, now);
  return {
    scanned: total(scan.scanned, labelScan.scanned) + repeated.scanned,
    billed: total(scan.billed, labelScan.billed) + repeated.billed,
  };
}

/** The validation groups the times of each source that expects one row of an entity at an event time. */
async function estimateRepeatedTimes(
  { entityType, features }: TrainingSetJoin,
  store: Pick<OfflineStore, 'estimateEntityTimes'>,
  now: Instant,
): Promise<ScanEstimate> {
  const sources = new Set(features.map(({ source }) => source).filter(({ onRepeatedTime }) => onRepeatedTime !== null));
  const ofAll = { entityType, entityIds: null, knownAt: null, sinceWritten: false };
  const events = { from: EARLIEST_INSTANT, until: now, areRepeated: true };
  const estimates = await Promise.all(
    [...sources].map((source) => store.estimateEntityTimes({ ...ofAll, sources: [source], events })),
  );
  return {
    scanned: estimates.reduce((sum, { scanned }) => sum + scanned, 0n),
    billed: estimates.reduce((sum, { billed }) => sum + billed, 0n),
  };
}
