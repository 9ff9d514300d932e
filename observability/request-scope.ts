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
  /** The name of who asks, once it is known: the audit log has it with the code of a request that is refused later. */
  principal?: string;
  /** A request of the warm-up: it has no spans. */
  readonly isUntraced?: boolean;
}

export const requestScope = new AsyncLocalStorage<RequestScope>();
