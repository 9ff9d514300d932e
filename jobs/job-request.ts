/** Who asks for a job, and on what terms. What is asked for differs by handler. */
export interface JobRequest extends CostTerms {
  /** The same key never starts a second job; null: each request starts one. */
  readonly idempotencyKey: string | null;
}

/** Who pays for work, and what it may cost. */
export interface CostTerms {
  readonly createdBy: string | null;
  /** Work is refused when it is estimated above this; absent or null: as much as the budget of the day has. */
  readonly maxCostUsd?: number | null;
}
