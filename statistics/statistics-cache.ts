import { LRUCache } from 'lru-cache';
import type { Distributions } from '../datasources/offline/statistics-read.js';
import { PROCESS_LIMITS } from '../limits/process-limits.js';
import { toCanonicalJson } from '../values/canonical-json.js';

/** What a statistic was answered with: kept numbers, computed ones, or computed ones of data without a version. */
export type StatisticsOutcome = 'KEPT' | 'COMPUTED' | 'UNVERSIONED';

/** Statistics that were computed, by the version of the data that they are of. The least recently used go first. */
export class StatisticsCache {
  readonly #kept = new LRUCache<string, Distributions>({
    ...PROCESS_LIMITS.keptStatistics,
    // Two bytes a character are an upper bound of what the objects of most answers take.
    sizeCalculation: (found, key) => 2 * (toCanonicalJson(found).length + key.length),
  });

  get(key: string): Distributions | undefined {
    return this.#kept.get(key);
  }

  set(key: string, { ranges, edges, topValues }: Distributions): void {
    this.#kept.set(key, { ranges, edges, topValues });
  }
}
