import { Gauge, type Registry } from 'prom-client';

export interface WorkMeasures {
  readonly points: number;
  readonly waiting: number;
  readonly loopDelaySeconds: number;
  readonly heapShare: number;
}

/** What runs now, and what makes the gateway refuse requests. Read at each scrape. */
export function createWorkMetrics(registry: Registry, read: () => WorkMeasures): void {
  const gauge = (name: string, help: string, value: (measures: WorkMeasures) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value(read()));
      },
    });
  };
  gauge('featuregraph_work_points', 'Points of cost of the large requests that run now.', ({ points }) => points);
  gauge('featuregraph_waiting_requests', 'Large requests that wait for their turn.', ({ waiting }) => waiting);
  gauge(
    'featuregraph_event_loop_delay_seconds',
    'How late the event loop is, as admission sees it: the mean of the last half second.',
    ({ loopDelaySeconds }) => loopDelaySeconds,
  );
  gauge(
    'featuregraph_heap_share',
    'The used share of the heap, 0 to 1, as admission sees it.',
    ({ heapShare }) => heapShare,
  );
}
