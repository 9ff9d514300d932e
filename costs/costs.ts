import type { CostEstimator } from './cost-estimator.js';
import type { CostGuard } from './cost-guard.js';
import type { ModelCostHistory } from './model-cost-history.js';

/** All about costs that the rest of the gateway needs: what will it cost, may it, what did it. */
export interface Costs {
  readonly estimator: CostEstimator;
  readonly guard: CostGuard;
  readonly history: ModelCostHistory;
}
