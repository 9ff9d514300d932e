import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { Monitor } from '../datasources/registry/model.js';
import type { JobEngine } from '../jobs/job-engine.js';
import { EndedRuns } from './ended-runs.js';
import type { MonitorRunHandler } from './monitor-run-handler.js';
import { monitorTarget } from './monitor-run-job.js';
import {
  isMonitorRun,
  MONITOR_RUN,
  type MonitorRunFilter,
  type MonitorRunRecord,
  type Monitors,
  type StartMonitorRun,
} from './monitors.js';

/** Runs that the gateway does itself. */
export class LocalMonitors implements Monitors {
  readonly #endedRuns = new EndedRuns((monitor, limit) => this.list(monitor, { before: null, limit }));

  constructor(
    private readonly engine: Pick<JobEngine, 'start' | 'list'>,
    private readonly handler: MonitorRunHandler,
  ) {}

  start(request: StartMonitorRun): Promise<MonitorRunRecord> {
    const limits = [request.maxCostUsd, request.monitor.maxCostUsd].filter((limit) => typeof limit === 'number');
    const maxCostUsd = limits.length === 0 ? null : Math.min(...limits);
    return this.engine.start(this.handler, { ...request, maxCostUsd });
  }

  work(request: Pick<StartMonitorRun, 'monitor' | 'at'>): Promise<ScanWork> {
    return this.handler.work(request);
  }

  async list(monitor: Monitor, { isVisible, ...page }: Parameters<Monitors['list']>[1]): Promise<MonitorRunRecord[]> {
    const filter = { kinds: [MONITOR_RUN], target: monitorTarget(monitor), isVisible };
    return (await this.engine.list({ filter, ...page })).filter(isMonitorRun);
  }

  follow(monitor: Monitor, filter: MonitorRunFilter): AsyncIterableIterator<MonitorRunRecord, undefined> {
    return this.#endedRuns.follow(monitor, filter);
  }
}
