import type { Registry } from '../datasources/registry/registry.js';
import type { SourceRefreshes } from '../ingestion/source-refreshes.js';
import type { MeasuredSource } from '../observability/source-metrics.js';
import type { Clock } from '../values/clock.js';
import { secondsBetween } from '../values/instant.js';
import { listComputedSources } from './diagnose-preparation.js';

/** How fresh each computed source is now. */
export async function measureSources(
  registry: Registry,
  refreshes: Pick<SourceRefreshes, 'freshness'>,
  clock: Clock,
): Promise<MeasuredSource[]> {
  const now = clock();
  return Promise.all(
    listComputedSources(registry).map(async (source) => {
      const { isBehind, newestKnownTimestamp } = await refreshes.freshness(source, now);
      return {
        featurestore: source.entityType.featurestore.name,
        entityType: source.entityType.name,
        source: source.name,
        isBehind,
        freshnessSeconds: newestKnownTimestamp === null ? null : secondsBetween(newestKnownTimestamp, now),
      };
    }),
  );
}
