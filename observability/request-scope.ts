import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The request that the code now running works for. Only for logs, error messages and the labels and ends of queries in a
 * warehouse, in places that no argument reaches (Apollo's formatError): what a resolver needs comes by its context.
 */
export interface RequestScope {
  readonly requestId: string;
  /** Aborted when the client went away before it was answered. Absent: nobody would know. */
  readonly signal?: AbortSignal;
}

export const requestScope = new AsyncLocalStorage<RequestScope>();
