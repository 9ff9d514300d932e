import type { Registry as MetricsRegistry } from 'prom-client';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Logger } from '../observability/logger.js';
import { createShadowMetrics } from '../observability/shadow-metrics.js';
import { createPastReadMetric } from '../observability/store-metrics.js';
import { createDroppedRowsMetric } from '../observability/write-metrics.js';
import type { StoresOptions } from './stores.js';

type StoreReports = Pick<
  StoresOptions,
  'shadowReport' | 'onWriteError' | 'onUnknownRows' | 'onPastRead' | 'onHistoryBuilt' | 'onHistoryError'
>;

/** What the stores tell, for the log and the metrics. */
export function reportStores(logger: Logger, metrics: MetricsRegistry): StoreReports {
  const countDropped = createDroppedRowsMetric(metrics);
  return {
    shadowReport: createShadowMetrics(metrics),
    onWriteError: (err) => logger.error({ err }, 'written rows are not in every store yet; this is repeated'),
    onUnknownRows: (rows) => {
      countDropped(rows);
      logger.error({ rows }, 'written rows were dropped: the registry no longer has their source');
    },
    onPastRead: createPastReadMetric(metrics),
    onHistoryBuilt: ({ source, rows, milliseconds }) =>
      logger.info(
        { ...toLabels(source), rows, milliseconds: Math.round(milliseconds) },
        'rows were copied into the key-value history',
      ),
    onHistoryError: (err, source) =>
      logger.error(
        { err, ...toLabels(source) },
        'rows were not copied into the key-value history: DuckDB answers, and this is repeated',
      ),
  };
}

function toLabels({ name, entityType }: FeatureSource): object {
  return { entityType: `${entityType.featurestore.name}.${entityType.name}`, source: name };
}
