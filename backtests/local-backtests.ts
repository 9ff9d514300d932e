import type { ScanWork } from '../datasources/job-store/job-cost.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { BacktestHandler } from './backtest-handler.js';
import type { BacktestRecord, BacktestRequest, Backtests, StartBacktest } from './backtests.js';

/** Backtests in this process. */
export class LocalBacktests implements Backtests {
  constructor(
    private readonly engine: Pick<JobEngine, 'start'>,
    private readonly handler: BacktestHandler,
  ) {}

  start(request: StartBacktest): Promise<BacktestRecord> {
    return this.engine.start(this.handler, request);
  }

  work(request: BacktestRequest): Promise<ScanWork> {
    return this.handler.work(request);
  }
}
