import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The request that the code now running works for. Only for logs and error messages, in places that no argument reaches
 * (Apollo's formatError): what a resolver needs comes by its context.
 */
export interface RequestScope {
  readonly requestId: string;
}

export const requestScope = new AsyncLocalStorage<RequestScope>();
