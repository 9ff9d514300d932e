import { Counter, type Registry } from 'prom-client';

/** How many operations the audit log lost, at each scrape of Prometheus. */
export function createAuditMetrics(registry: Registry, readLost: () => number): void {
  let reported = 0;
  new Counter({
    name: 'featuregraph_audit_lost_operations_total',
    help: 'Operations that are not in the audit log, because its disk failed and its queue was full.',
    registers: [registry],
    collect() {
      const lost = readLost();
      this.inc(lost - reported);
      reported = lost;
    },
  });
}
