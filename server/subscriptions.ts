import {
  createSourceEventStream,
  execute,
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFormattedError,
} from 'graphql';
import type { Principal } from '../auth/principal.js';
import { AppError } from '../errors/app-error.js';
import { checkDocumentNesting } from '../limits/nesting.js';
import { STREAM_LIMITS, type StreamLimits } from '../limits/stream-limits.js';
import type { WorkInFlight } from '../limits/work-in-flight.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import { requestScope } from '../observability/request-scope.js';
import type { CurrentRuntime, RuntimeLease } from './current-runtime.js';
import type { Admission, AdmittedOperation } from './execution-plugin.js';
import type { RequestContext } from '../resolvers/context.js';
import { endAudit, endEventAudit } from './end-audit.js';
import type { FormatError } from './format-error.js';
import { checkEventSize } from './write-answer.js';

/** A subscription from any transport, before any check. */
export interface SubscriptionRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown> | undefined;
  /** The request id in its errors, log lines and events. */
  readonly requestId: string;
  /** Where it comes from, for a fair order of large events. */
  readonly owner: string;
  /** Who asks. */
  readonly principal: Principal;
}

type Sender = Pick<SubscriptionRequest, 'requestId' | 'owner' | 'principal'>;

/** The events for clients: their errors, and those that a failing source throws, are FormattedErrors. */
export type EventStream = AsyncGenerator<ExecutionResult, undefined, undefined>;

export type AdmittedSubscription =
  | { readonly errors: readonly FormattedError[] }
  | {
      readonly errors: undefined;
      readonly operation: AdmittedOperation;
      /** The events, or the reason for their absence (a job that does not exist). */
      readonly open: () => Promise<EventStream | ExecutionResult>;
    };

/** An error after masking: every transport writes it unchanged. */
export class FormattedError extends GraphQLError {
  constructor(readonly formatted: GraphQLFormattedError) {
    super(formatted.message, { ...(formatted.extensions ? { extensions: formatted.extensions } : {}) });
  }

  override toJSON(): GraphQLFormattedError {
    return this.formatted;
  }
}

export interface SubscriptionsOptions {
  readonly runtime: CurrentRuntime;
  readonly formatError: FormatError;
  readonly metrics: GatewayMetrics;
  readonly work: WorkInFlight;
  readonly limits: Pick<StreamLimits, 'maxSubscriptionsOfPrincipal'>;
}

/**
 * Runs subscriptions for all transports. Each passes through Apollo up to its execution, so that the limits,
 * validation, introspection, cost and masking of HTTP apply and need no second implementation. This class runs the
 * subscriptions that pass.
 */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** The open subscriptions of each principal. */
  readonly #counts = new Map<string, number>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /**
   * The errors of a subscription, or the function that opens it. Never rejects: it returns every failure as an error.
   */
  async admit(request: SubscriptionRequest): Promise<AdmittedSubscription> {
    const { requestId } = request;
    return requestScope.run({ requestId }, async () => {
      try {
        return await this.#admit(request);
      } catch (error) {
        return { errors: [this.#formattedError(error)] };
      }
    });
  }

  /** A subscription keeps the runtime that admitted it to its end. */
  async #admit(request: SubscriptionRequest): Promise<AdmittedSubscription> {
    checkDocumentNesting(request.query);
    const lease = this.#options.runtime.acquire();
    try {
      const admitted = await this.#admitBy(lease, request);
      if (admitted.errors) lease.release();
      return admitted;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  async #admitBy(
    lease: RuntimeLease,
    { query, operationName, variables, requestId, owner, principal }: SubscriptionRequest,
  ): Promise<AdmittedSubscription> {
    const { apollo, createContext } = lease;
    const admission: Admission = {};
    const { body } = await apollo.executeOperation(
      { query, ...(operationName === undefined ? {} : { operationName }), ...(variables ? { variables } : {}) },
      { contextValue: { ...createContext(requestId, principal), admission } },
    );
    const { admitted } = admission;
    if (admitted) {
      return {
        errors: undefined,
        operation: admitted,
        open: () => this.#open(admitted, { requestId, owner, principal }, lease),
      };
    }
    if (body.kind !== 'single') throw new Error('incremental delivery is not enabled');
    return { errors: (body.singleResult.errors ?? []).map((error) => new FormattedError(error)) };
  }

  /** An error of the transport in the form of the others. */
  refusal(error: AppError): FormattedError {
    return this.#formattedError(error);
  }

  #open(operation: AdmittedOperation, sender: Sender, lease: RuntimeLease): Promise<EventStream | ExecutionResult> {
    const { requestId } = sender;
    return requestScope.run({ requestId }, async () => {
      try {
        const opened = await this.#follow(operation, sender, lease);
        if (!(Symbol.asyncIterator in opened)) lease.release();
        return opened;
      } catch (error) {
        lease.release();
        return { errors: [this.#formattedError(error)] };
      }
    });
  }

  async #follow(
    operation: AdmittedOperation,
    { requestId, owner, principal }: Sender,
    { createContext, release }: RuntimeLease,
  ): Promise<EventStream | ExecutionResult> {
    const { work } = this.#options;
    const args = (contextValue: RequestContext): ExecutionArgs => ({
      schema: operation.schema,
      document: operation.document,
      operationName: operation.operationName,
      variableValues: operation.variables,
      contextValue,
    });
    const uncount = this.#count(principal);
    const opening = createContext(requestId, principal);
    const source = await createSourceEventStream(args(opening))
      .catch((error: unknown) => {
        uncount();
        throw error;
      })
      .finally(() => endAudit(opening.audit, operation.ran, null));
    if (!(Symbol.asyncIterator in source)) {
      uncount();
      return this.#format(source);
    }
    // Each event is a request of its own: its "now" is that of the event, and it has new loaders.
    const run = async (event: unknown): Promise<ExecutionResult> => {
      const context = createContext(requestId, principal);
      const leave = await work.enter({ owner, cost: operation.cost, signal: requestScope.getStore()?.signal });
      try {
        const result = await execute({ ...args(context), rootValue: event });
        checkEventSize(result, STREAM_LIMITS.maxEventBytes);
        return result;
      } finally {
        endEventAudit(context.audit, operation.ran);
        leave();
      }
    };
    return this.#events(source[Symbol.asyncIterator](), requestId, run, () => {
      uncount();
      release();
    });
  }

  /** Counts a subscription of a principal, until the returned function is called. */
  #count({ name, kind }: Principal): () => void {
    const { maxSubscriptionsOfPrincipal: max } = this.#options.limits;
    const count = this.#counts.get(name) ?? 0;
    // In the mode "open", all clients are one principal.
    if (kind !== 'ANONYMOUS' && count >= max) {
      throw new AppError('TOO_MANY_SUBSCRIPTIONS', `You may have ${max} subscriptions at a time. End one first.`);
    }
    this.#counts.set(name, count + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      const left = (this.#counts.get(name) ?? 1) - 1;
      if (left === 0) this.#counts.delete(name);
      else this.#counts.set(name, left);
    };
  }

  /**
   * This is not an async generator function: its `return` would wait for the pending event, which may never come, and
   * the watch of a disconnected client would never end.
   */
  #events(
    source: AsyncIterator<unknown>,
    requestId: string,
    run: (event: unknown) => Promise<ExecutionResult> | ExecutionResult,
    release: () => void,
  ): EventStream {
    const uncount = this.#options.metrics.subscription();
    const left = (): void => {
      uncount();
      release();
    };
    const gone = new AbortController();
    let isEnded = false;
    const end = async (): Promise<IteratorReturnResult<undefined>> => {
      left();
      gone.abort(new AppError('CLIENT_GONE', 'The client went away.'));
      // Once: the credentials and the connection can end one after the other.
      if (!isEnded) {
        isEnded = true;
        await source.return?.();
      }
      return { done: true, value: undefined };
    };
    const events: EventStream = {
      next: () =>
        requestScope.run({ requestId, signal: gone.signal }, async () => {
          try {
            const step = await source.next();
            if (step.done) {
              left();
              return { done: true as const, value: undefined };
            }
            return { done: false as const, value: this.#format(await run(step.value)) };
          } catch (error) {
            left();
            throw this.#formattedError(error);
          }
        }),
      return: end,
      throw: end,
      [Symbol.asyncIterator]: () => events,
      [Symbol.asyncDispose]: async () => {
        await end();
      },
    };
    return events;
  }

  #format({ data, errors }: ExecutionResult): ExecutionResult {
    return {
      ...(errors ? { errors: errors.map((error) => new FormattedError(this.#options.formatError(error))) } : {}),
      ...(data === undefined ? {} : { data }),
    };
  }

  #formattedError(error: unknown): FormattedError {
    const originalError = error instanceof Error ? error : new Error(String(error));
    return new FormattedError(this.#options.formatError(new GraphQLError(originalError.message, { originalError })));
  }
}
