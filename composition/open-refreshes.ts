import type { Registry as MetricsRegistry } from 'prom-client';
import type { Registry } from '../datasources/registry/registry.js';
import { ComputedFutureRows } from '../ingestion/refresh/computed-future-rows.js';
import { SourceRefreshHandler } from '../ingestion/refresh/source-refresh-handler.js';
import type { Logger } from '../observability/logger.js';
import { createComputedViolationsMetric } from '../observability/refresh-metrics.js';
import { systemClock } from '../values/clock.js';
import type { OpenStores } from './stores.js';

/** What recomputes sources, and brings their rows of the future online when their time comes. */
export function openRefreshes({
  registry,
  stores: { preparation },
  logger,
  metricsRegistry,
}: {
  readonly registry: Registry;
  readonly stores: Pick<OpenStores, 'preparation'>;
  readonly logger: Logger;
  readonly metricsRegistry: MetricsRegistry;
}): { readonly futureRows: ComputedFutureRows; readonly refresh: SourceRefreshHandler } {
  const futureRows = new ComputedFutureRows({
    registry,
    preparation,
    clock: systemClock,
    onError: (err, { name, featurestore }) =>
      logger.error({ err, entityType: `${featurestore.name}.${name}` }, 'rows that became true were not served'),
  });
  const refresh = new SourceRefreshHandler(
    registry,
    preparation,
    () => futureRows.watch(),
    createComputedViolationsMetric(metricsRegistry),
  );
  return { futureRows, refresh };
}
