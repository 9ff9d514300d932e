import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The request that the current code runs for. Use it only for logs, error messages, and the labels and cancellation of
 * queries in a warehouse, in code that no argument reaches (Apollo's formatError). Resolvers get everything from their
 * context.
 */
export interface RequestScope {
  readonly requestId: string;
  /** Aborts when the client disconnects before the response. Absent: a disconnect is not detected. */
  readonly signal?: AbortSignal;
}

export const requestScope = new AsyncLocalStorage<RequestScope>();
