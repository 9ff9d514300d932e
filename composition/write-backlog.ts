import type { WriteBacklog } from '../observability/write-metrics.js';
import type { Clock } from '../values/clock.js';
import { secondsBetween } from '../values/instant.js';
import type { OpenStores } from './stores.js';

/** The written rows that DuckDB does not have yet, and for how long. */
export function readBacklog({ writers }: OpenStores, clock: Clock): WriteBacklog {
  const { rows, since } = writers.logged?.backlog ?? { rows: 0, since: null };
  return { rows, ageSeconds: since === null ? 0 : secondsBetween(since, clock()) };
}
