import type { OfflineStore, PointInTimeRead } from '../../datasources/offline/offline-store.js';
import { toChunks } from '../../runtime/to-chunks.js';
import type { FeatureCell } from '../../values/feature-cell.js';

/** Who pays for the reads of a comparison, and what ends them. */
export type ReadTerms = Pick<PointInTimeRead, 'payer' | 'signal'>;

/** The values of any number of labels. A store takes only so many at once. */
export async function readHistory(store: OfflineStore, read: PointInTimeRead): Promise<FeatureCell[][]> {
  const cells: FeatureCell[][] = [];
  for (const labels of toChunks(read.labels, store.maxLabelsPerRead)) {
    cells.push(...(await store.pointInTime({ ...read, labels })));
  }
  return cells;
}
