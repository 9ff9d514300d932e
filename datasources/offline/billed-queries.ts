import type { QueryReference } from './query-payer.js';

/** What a warehouse says of a query. */
export type QueryBill =
  /** It never reached the warehouse. */
  | { readonly state: 'ABSENT' }
  | { readonly state: 'RUNNING' }
  /** null: the warehouse does not say what it billed. */
  | { readonly state: 'ENDED'; readonly billedBytes: bigint | null };

/** Asks a warehouse for the bills of queries whose process ended before it knew them. */
export interface BilledQueries {
  find(query: QueryReference): Promise<QueryBill>;
  /** Cancels a query that runs, because its result is lost, and waits for its bill for some seconds. */
  end(query: QueryReference): Promise<QueryBill>;
}
