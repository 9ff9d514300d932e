import {
  createSourceEventStream,
  execute,
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLFormattedError,
} from 'graphql';
import { AppError } from '../errors/app-error.js';
import { checkDocumentNesting } from '../limits/nesting.js';
import { STREAM_LIMITS, type StreamLimits } from '../limits/stream-limits.js';
import type { WorkInFlight } from '../limits/work-in-flight.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import { requestScope } from '../observability/request-scope.js';
import type { CurrentRuntime, RuntimeLease } from './current-runtime.js';
import type { Admission, AdmittedOperation } from './execution-plugin.js';
import type { RequestContext } from '../resolvers/context.js';
import { auditRefusal, endAudit, endEventAudit, type RefusalLog } from './end-audit.js';
import type { FormatError } from './format-error.js';
import type { SubscriptionRequest } from './subscription-request.js';
import { PrincipalPlaces } from './principal-places.js';
import { streamEvents, type EventStream } from './subscription-events.js';
import { checkEventSize } from './write-answer.js';

type Sender = Pick<SubscriptionRequest, 'requestId' | 'owner' | 'principal' | 'query' | 'eventSlots'>;

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
  /** Gets the subscriptions that do not begin. Absent or null: there is no audit log. */
  readonly auditLog?: RefusalLog | null;
}

/**
 * Runs subscriptions for all transports. Each passes through Apollo up to its execution, so that the limits,
 * validation, introspection, cost and masking of HTTP apply and need no second implementation. This class runs the
 * subscriptions that pass.
 */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** For the open subscriptions. */
  readonly #places: PrincipalPlaces;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#places = new PrincipalPlaces(options.limits.maxSubscriptionsOfPrincipal);
  }

  /**
   * The errors of a subscription, or the function that opens it. Never rejects: it returns every failure as an error.
   */
  async admit(request: SubscriptionRequest): Promise<AdmittedSubscription> {
    const { requestId } = request;
    return requestScope.run({ requestId }, async () => {
      const admitted = await this.#admit(request).catch((error: unknown) => ({
        errors: [this.#formattedError(error)],
      }));
      this.auditRefusal(request, admitted.errors);
      return admitted;
    });
  }

  /** Records a subscription that does not begin. */
  auditRefusal(
    { principal, requestId, query }: Pick<SubscriptionRequest, 'principal' | 'requestId' | 'query'>,
    errors: readonly FormattedError[] | undefined,
  ): void {
    const { auditLog } = this.#options;
    const code = errors?.[0]?.formatted.extensions?.code;
    if (!auditLog || typeof code !== 'string') return;
    // Streams carry nothing else: what asks for one is a subscription, or means to be one.
    const refusal = { principal: principal.name, requestId, code, document: query ?? null };
    auditRefusal(auditLog, { ...refusal, type: 'subscription' });
  }

  /** A subscription keeps the runtime that admitted it to its end. */
  async #admit(request: SubscriptionRequest): Promise<AdmittedSubscription> {
    const lease = this.#options.runtime.acquire();
    try {
      const trusted = lease.runtime.trustedDocuments.find(request);
      const query = trusted?.text ?? request.query;
      if (query === undefined) throw new AppError('BAD_REQUEST', 'Send the subscription as "query" or "documentId".');
      checkDocumentNesting(query);
      const admission: Admission = { documentId: trusted?.id };
      const admitted = await this.#admitBy(lease, query, request, admission);
      if (admitted.errors) lease.release();
      return admitted;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  async #admitBy(
    lease: RuntimeLease,
    query: string,
    { operationName, variables, requestId, owner, principal, eventSlots }: SubscriptionRequest,
    admission: Admission,
  ): Promise<AdmittedSubscription> {
    const { apollo, createContext } = lease.runtime;
    const { body } = await apollo.executeOperation(
      { query, ...(operationName === undefined ? {} : { operationName }), ...(variables ? { variables } : {}) },
      { contextValue: Object.assign(createContext(requestId, principal), { admission }) },
    );
    const { admitted } = admission;
    if (admitted) {
      return {
        errors: undefined,
        operation: admitted,
        open: () => this.#open(admitted, { requestId, owner, principal, query, eventSlots }, lease),
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
    sender: Sender,
    { runtime: { createContext }, release }: RuntimeLease,
  ): Promise<EventStream | ExecutionResult> {
    const { work, metrics } = this.#options;
    const { requestId, owner, principal, eventSlots } = sender;
    const args = (contextValue: RequestContext): ExecutionArgs => ({
      schema: operation.schema,
      document: operation.document,
      operationName: operation.operationName,
      variableValues: operation.variables,
      contextValue,
    });
    const uncount = this.#count(sender);
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
      const leave = await work.enter({ owner, cost: operation.cost, signalOf: () => requestScope.getStore()?.signal });
      try {
        const result = await execute({ ...args(context), rootValue: event });
        checkEventSize(result, STREAM_LIMITS.maxEventBytes);
        return this.#format(result);
      } finally {
        endEventAudit(context.audit, operation.ran);
        leave();
      }
    };
    const unmeasure = metrics.subscription();
    return streamEvents({
      source: source[Symbol.asyncIterator](),
      requestId,
      run,
      toError: (error) => this.#formattedError(error),
      onEnd: () => {
        unmeasure();
        uncount();
        release();
      },
      eventSlots,
    });
  }

  /** Counts a subscription of a principal, until the returned function is called. */
  #count(sender: Sender): () => void {
    const uncount = this.#places.take(sender.principal);
    if (uncount) return uncount;
    const refusal = new AppError(
      'TOO_MANY_SUBSCRIPTIONS',
      `You may have ${this.#options.limits.maxSubscriptionsOfPrincipal} subscriptions at a time. End one first.`,
    );
    this.auditRefusal(sender, [this.#formattedError(refusal)]);
    throw refusal;
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
