/** Who asks for a job, and on what terms. */
export interface JobOrigin {
  readonly createdBy: string | null;
  /** The same key never starts a second job; null: each request starts one. */
  readonly idempotencyKey: string | null;
  /** The job is refused when it is estimated above this; absent or null: as much as the budget of the day has. */
  readonly maxCostUsd?: number | null;
}
