import type { FeatureSource, FeatureView } from '../../datasources/registry/model.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import { describeOfflineStore } from '../../datasources/registry/store-kinds.js';
import { THIS_MACHINE } from '../../costs/price-book.js';
import type { ScanWork } from '../../datasources/job-store/job-cost.js';

/** The tables with the features of a view, in the order of the registry. */
export function listViewSources({ entityType, features }: FeatureView): FeatureSource[] {
  return entityType.sources.filter((source) => features.some((feature) => feature.source === source));
}

/** The maximum bytes that a sync of a view scans: the columns of its features, of all times. */
export async function syncWork(view: FeatureView, offline: OfflineStore): Promise<ScanWork> {
  const { features } = view;
  const scans = await Promise.all(
    listViewSources(view).map((source) => offline.estimateNewestScan(source, { features })),
  );
  const bytes = scans.reduce((sum, { scanned }) => sum + scanned, 0n);
  const billedBytes = scans.reduce((sum, { billed }) => sum + billed, 0n);
  const isHere = describeOfflineStore(view.entityType.featurestore.offlineSettings).isLocal;
  return { kind: 'SCAN', bytes, billedBytes, priceBook: isHere ? THIS_MACHINE : null };
}
