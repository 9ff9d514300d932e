import type { Registry as MetricsRegistry } from 'prom-client';
import type { LimitMode, LimitPolicy } from '../limits/limit-mode.js';
import { ProcessPressure } from '../limits/process-pressure.js';
import { WorkInFlight } from '../limits/work-in-flight.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';
import { createWorkMetrics } from '../observability/work-metrics.js';

export interface Admission {
  readonly work: WorkInFlight;
  readonly limits: LimitPolicy;
  readonly stop: () => void;
}

interface Reports {
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly metricsRegistry: MetricsRegistry;
}

/** What decides whether a request may start now, by its cost, the work in flight, the event loop and the heap. */
export function openAdmission(mode: LimitMode, { logger, metrics, metricsRegistry }: Reports): Admission {
  const pressure = new ProcessPressure().start();
  const limits: LimitPolicy = {
    mode,
    report: (limit, isEnforced) => {
      metrics.limit(limit, isEnforced);
      if (!isEnforced) logger.warn({ limit }, 'a request reached a limit that is only measured');
    },
  };
  const work = new WorkInFlight(undefined, limits, () => pressure.now);
  createWorkMetrics(metricsRegistry, () => ({
    points: work.cost,
    waiting: work.waiting,
    loopDelaySeconds: pressure.now.loopDelayMs / 1000,
    heapShare: pressure.now.heapShare,
  }));
  return { work, limits, stop: () => pressure.stop() };
}
