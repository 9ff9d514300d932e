import { JobType } from '../jobs/job-type.js';
import { BACKTEST, type BacktestCheckpoint, type BacktestResult, type BacktestSpec } from './backtests.js';

export const LOCAL_BACKTEST = new JobType<BacktestSpec, BacktestCheckpoint | null, BacktestResult>(
  'backtest',
  BACKTEST,
);
