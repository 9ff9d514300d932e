import type { AppError } from '../../errors/app-error.js';

/**
 * Who pays for the queries of a read, where a warehouse bills them by bytes. A store without such a bill asks no payer.
 */
export interface QueryPayer {
  /** Called before a query runs. Rejects with COST_OVER_LIMIT if the payer cannot pay what is billed at least. */
  admit(query: BilledQuery): Promise<AdmittedQuery>;
}

/** A query in a warehouse, which can be asked for its bill later, also by another process. */
export interface QueryReference {
  readonly project: string;
  readonly location: string;
  /** The id of its job, which is chosen before it starts. */
  readonly id: string;
}

export interface BilledQuery {
  /** The query that is about to start. */
  readonly query: QueryReference;
  /** Where the query runs, which decides its price: a region or multi-region, in any case. */
  readonly location: string;
  /** What the warehouse bills at least. */
  readonly minimumBytes: bigint;
  /** What a dry run says that it bills at most. Absent: there was none. */
  readonly estimatedBytes?: bigint | undefined;
}

export interface AdmittedQuery {
  /** The warehouse must refuse the query, unbilled, if it could be billed more than this. null: no limit. */
  readonly maximumBytes: bigint | null;
  /**
   * Whether the payer may be able to pay more than `maximumBytes`: a query that the warehouse refused for it is admitted again
   * with its estimate.
   */
  readonly isPart?: boolean;
  /** Called once, after the query: what the warehouse billed; null if it did not say. Never rejects. */
  settle(billedBytes: bigint | null): Promise<void>;
  /** The error for a query that the warehouse refused because of `maximumBytes`. */
  refusal(cause: unknown): Promise<AppError>;
}

/** Who pays for a read. Absent: the operator of the gateway does. */
export interface PaidRead {
  readonly payer?: QueryPayer | undefined;
}
