/** The requester of a job and its terms. The handler defines the rest of the request. */
export interface JobRequest extends CostTerms {
  /** The same key never starts a second job; null: each request starts a job. */
  readonly idempotencyKey: string | null;
}

/** The payer of the work and its cost limit. */
export interface CostTerms {
  readonly createdBy: string | null;
  /** Work with a higher estimate is refused; absent or null: the rest of the day's budget. */
  readonly maxCostUsd?: number | null;
  /** The job is cancelled when it has cost more than this; absent or null: it is not. */
  readonly cancelAboveUsd?: number | null;
}
