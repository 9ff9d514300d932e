import { Gauge, type Registry } from 'prom-client';

export interface MeasuredSource {
  readonly featurestore: string;
  readonly entityType: string;
  readonly source: string;
  readonly isBehind: boolean;
  /** null: it has no rows, or no times. */
  readonly freshnessSeconds: number | null;
}

/** How fresh the computed sources are, measured at each scrape from their rows and their files. */
export function createSourceMetrics(registry: Registry, measure: () => Promise<readonly MeasuredSource[]>): void {
  const add = (name: string, help: string, valueOf: (source: MeasuredSource) => number | null): void => {
    new Gauge({
      name,
      help,
      labelNames: ['featurestore', 'entity_type', 'source'] as const,
      registers: [registry],
      async collect() {
        // A source that the registry no longer has must not keep its last value.
        this.reset();
        for (const source of await measure()) {
          const value = valueOf(source);
          const labels = {
            featurestore: source.featurestore,
            entity_type: source.entityType,
            source: source.source,
          };
          if (value !== null) this.set(labels, value);
        }
      },
    });
  };
  add(
    'featuregraph_source_freshness_seconds',
    'Seconds since the newest event time of the stored rows of a computed source that is not in the future.',
    ({ freshnessSeconds }) => freshnessSeconds,
  );
  add(
    'featuregraph_source_behind',
    'Whether a file of a computed source changed after its values were computed: 1, or 0.',
    ({ isBehind }) => (isBehind ? 1 : 0),
  );
}
