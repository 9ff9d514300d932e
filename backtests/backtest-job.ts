import { JobType } from '../jobs/job-type.js';
import { BACKTEST, type BacktestResult, type BacktestSpec } from './backtests.js';

/** A backtest has no checkpoint: it begins again in another process. */
export const LOCAL_BACKTEST = new JobType<BacktestSpec, unknown, BacktestResult>('backtest', BACKTEST);
