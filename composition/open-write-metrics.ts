import type { Registry } from 'prom-client';
import { createWriteMetrics, type WriteBacklog, type WriteMetrics } from '../observability/write-metrics.js';
import type { Clock } from '../values/clock.js';
import { secondsBetween } from '../values/instant.js';
import type { OpenStores } from './stores.js';

/** The metrics of writes, of the rows that DuckDB does not have yet, and of the quarantine. */
export function openWriteMetrics(registry: Registry, stores: OpenStores, clock: Clock): WriteMetrics {
  return createWriteMetrics(registry, () => readBacklog(stores, clock), stores.writers.quarantine);
}

/** The written rows that DuckDB does not have yet, and for how long. */
function readBacklog({ writers }: OpenStores, clock: Clock): WriteBacklog {
  const { rows, since } = writers.logged?.backlog ?? { rows: 0, since: null };
  return { rows, ageSeconds: since === null ? 0 : secondsBetween(since, clock()) };
}
