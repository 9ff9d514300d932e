import { Counter, Gauge, type Registry } from 'prom-client';

const RESULTS = ['written', 'dropped', 'failed'] as const;

/** What the log of served values counts, at each scrape of Prometheus. */
export interface ServedLogFigures {
  readonly counts: Readonly<Record<(typeof RESULTS)[number], number>>;
  readonly bytes: number;
}

export function createServedLogMetrics(registry: Registry, log: ServedLogFigures): void {
  const reported = { written: 0, dropped: 0, failed: 0 };
  new Counter({
    name: 'featuregraph_served_log_rows_total',
    help: 'Entities of sampled reads for the log of served values, by result: written, dropped because the buffer was full, or failed because the disk did.',
    labelNames: ['result'] as const,
    registers: [registry],
    collect() {
      for (const result of RESULTS) {
        const count = log.counts[result];
        this.inc({ result }, count - reported[result]);
        reported[result] = count;
      }
    },
  });
  new Gauge({
    name: 'featuregraph_served_log_bytes',
    help: 'The size of the log of served values.',
    registers: [registry],
    collect() {
      this.set(log.bytes);
    },
  });
}
