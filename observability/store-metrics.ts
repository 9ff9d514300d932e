import { Counter, Gauge, type Registry } from 'prom-client';

export interface StoreUp {
  readonly featurestore: string;
  readonly store: 'online' | 'offline';
  readonly isUp: boolean;
}

/** Counts reads of the past of the embedded stores by what answered them: the key-value history, or DuckDB and why. */
export function createPastReadMetric(registry: Registry): (outcome: string) => void {
  const reads = new Counter({
    name: 'featuregraph_past_reads_total',
    help: 'Reads of past values in the embedded stores, by what answered: history (the key-value history), or DuckDB because rows are absent in the history, because of a long_scan, or no_creation_time.',
    labelNames: ['answer'] as const,
    registers: [registry],
  });
  return (outcome) => reads.inc({ answer: outcome.toLowerCase() });
}

/** Whether the stores are healthy, checked at each scrape of Prometheus. */
export function createStoreMetrics(registry: Registry, ask: () => Promise<readonly StoreUp[]>): void {
  new Gauge({
    name: 'featuregraph_store_up',
    help: 'Whether the online or offline store of a featurestore says that it is well: 1, or 0.',
    labelNames: ['featurestore', 'store'] as const,
    registers: [registry],
    async collect() {
      for (const { featurestore, store, isUp } of await ask()) this.set({ featurestore, store }, isUp ? 1 : 0);
    },
  });
}
