import { AsyncLocalStorage } from 'node:async_hooks';
import type { WorkEnd } from '../runtime/work-end.js';

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

/** The scope of an HTTP request, whose signal is made only for code that asks for it. */
export class HttpScope implements RequestScope {
  principal?: string;

  constructor(
    readonly requestId: string,
    readonly end: WorkEnd,
    readonly isUntraced: boolean,
  ) {}

  get signal(): AbortSignal {
    return this.end.signal;
  }
}

export const requestScope = new AsyncLocalStorage<RequestScope>();
