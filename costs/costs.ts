import type { CostEstimator } from './cost-estimator.js';
import type { CostGuard } from './budget-guard.js';
import type { ModelCostHistory } from './model-cost-history.js';

/** The cost functions for the rest of the gateway: the estimate, the admission and the actual cost. */
export interface Costs {
  readonly estimator: CostEstimator;
  readonly guard: CostGuard;
  readonly history: ModelCostHistory;
}
