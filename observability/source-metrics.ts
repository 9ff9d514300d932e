import { Gauge, type Registry } from 'prom-client';

export interface MeasuredSource {
  readonly featurestore: string;
  readonly entityType: string;
  readonly source: string;
  readonly isBehind: boolean;
  /** null: it has no rows, or no times. */
  readonly freshnessSeconds: number | null;
}

const LABELS = ['featurestore', 'entity_type', 'source'] as const;

/** How fresh the computed sources are, measured once at each scrape, from their rows and their files. */
export function createSourceMetrics(registry: Registry, measure: () => Promise<readonly MeasuredSource[]>): void {
  // A scrape collects all gauges before it waits for any of them, so the first one measures for both.
  let measured: Promise<readonly MeasuredSource[]> | undefined;
  const measureOnce = (): Promise<readonly MeasuredSource[]> =>
    (measured ??= measure().finally(() => (measured = undefined)));
  const add = (name: string, help: string, valueOf: (source: MeasuredSource) => number | null): void => {
    new Gauge({
      name,
      help,
      labelNames: LABELS,
      registers: [registry],
      async collect() {
        const sources = await measureOnce();
        // A source that the registry no longer has must not keep its last value.
        this.reset();
        for (const source of sources) {
          const { featurestore, entityType, source: name } = source;
          const value = valueOf(source);
          if (value !== null) this.set({ featurestore, entity_type: entityType, source: name }, value);
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
    'Whether the SQL, the columns or a file of a computed source changed after its values were computed: 1, or 0.',
    ({ isBehind }) => (isBehind ? 1 : 0),
  );
}
