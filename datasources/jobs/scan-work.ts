import type { Instant } from '../../values/instant.js';
import type { FeatureStores } from '../feature-stores.js';
import { THIS_MACHINE } from '../prices/price-book.js';
import type { ScanWork } from './job-costs.js';
import type { TrainingSetRequest } from './training-sets.js';

/**
 * What a training set scans at most, without reading its labels: as if they were of all times. A source is scanned once a
 * join, however many labels there are.
 */
export async function scanWork(
  request: TrainingSetRequest,
  stores: Pick<FeatureStores, 'offline'>,
  now: Instant,
): Promise<ScanWork> {
  const labels = [0n, now].map((time) => ({ entityId: 'any', time }));
  const scans = request.joins.map(({ entityType, features }) =>
    stores.offline(entityType.featurestore).estimateBytes({ entityType, labels, features, options: request.options }),
  );
  const bytes = (await Promise.all(scans)).reduce((sum, scan) => sum + scan, 0n);
  const isHere = request.joins.every(({ entityType }) => entityType.featurestore.offlineSettings.kind === 'DUCKDB');
  return { kind: 'SCAN', bytes, priceBook: isHere ? THIS_MACHINE : null };
}
