import { Counter, Gauge, type Registry } from 'prom-client';

export type LineageEventResult = 'sent' | 'failed' | 'refused' | 'dropped';

/** Counts events of OpenLineage; `waiting` says how many are not sent yet. */
export function createLineageMetrics(
  registry: Registry,
  waiting: () => number,
): (result: LineageEventResult, count?: number) => void {
  const events = new Counter({
    name: 'featuregraph_lineage_events_total',
    help: 'Events of OpenLineage by result: sent, failed (an attempt, which is repeated), refused by the server, or dropped because the queue or its disk was full.',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  new Gauge({
    name: 'featuregraph_lineage_events_waiting',
    help: 'Events of OpenLineage that were not sent yet.',
    registers: [registry],
    collect() {
      this.set(waiting());
    },
  });
  return (result, count = 1) => events.inc({ result }, count);
}
