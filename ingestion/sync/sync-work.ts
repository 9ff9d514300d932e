import type { FeatureSource, FeatureView } from '../../datasources/registry/model.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import { scanTerms } from '../../costs/scan-terms.js';
import type { ScanWork } from '../../datasources/job-store/job-cost.js';

/** The tables with the features of a view, in the order of the registry. */
export function listViewSources({ entityType, features }: FeatureView): FeatureSource[] {
  return entityType.sources.filter((source) => features.some((feature) => feature.source === source));
}

/**
 * The maximum bytes that a sync of a view scans: the columns of its features, of all times. The runner of the queries says
 * whether this gateway learns what they are billed.
 */
export async function syncWork(view: FeatureView, offline: OfflineStore): Promise<ScanWork> {
  const { features } = view;
  const scans = await Promise.all(
    listViewSources(view).map((source) => offline.estimateNewestScan(source, { features })),
  );
  const bytes = scans.reduce((sum, { scanned }) => sum + scanned, 0n);
  const billedBytes = scans.reduce((sum, { billed }) => sum + billed, 0n);
  return { kind: 'SCAN', bytes, billedBytes, ...scanTerms([view.entityType.featurestore]) };
}
