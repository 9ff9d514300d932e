import { Gauge, type Registry } from 'prom-client';

export interface StoreUp {
  readonly featurestore: string;
  readonly store: 'online' | 'offline';
  readonly isUp: boolean;
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
