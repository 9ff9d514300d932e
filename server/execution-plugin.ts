import { HeaderMap, type ApolloServerPlugin, type GraphQLRequestContext, type GraphQLResponse } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import { AppError } from '../errors/app-error.js';
import { historicalReads } from '../limits/historical.js';
import type { LimitPolicy } from '../limits/limit-mode.js';
import type { Work, WorkInFlight } from '../limits/work-in-flight.js';
import { inSpan } from '../runtime/spans.js';
import type { RequestContext } from '../resolvers/context.js';
import { countValues } from './answer-size.js';
import { compiledExecution } from './compiled-execution.js';
import { auditUnavailable, type RanOperation } from './end-audit.js';
import type { FormatError } from './format-error.js';
import { retryAfter } from './respond.js';
import { operationGuard, toGraphqlError, toHttpStatus, type OperationRequest } from './operation-guard.js';

/** Names of headers (docs/limits.md). Counting what an answer has takes time, so a client asks for it. */
const ESTIMATED_COST = 'x-cost-estimated';
const USED_COST = 'x-cost-used';
const SHOW_COST = 'x-show-cost';

/** The context of a request in Apollo. */
export interface ServerContext extends RequestContext {
  /**
   * Present when the response is a stream of events: a subscription that passes the guard is stored here, and
   * subscriptions.ts runs it.
   */
  readonly admission?: Admission;
  /** Present when the response is one answer: what holds its place among the running requests. */
  readonly place?: Place;
}

/** The place of a request among those that run. Its transport leaves it when the client has read the answer. */
export interface Place {
  /** Who asks, for a fair order. */
  readonly owner: string;
  readonly signal?: AbortSignal | undefined;
  leave?: () => void;
  /** The operation that ran, for the audit log. */
  operation?: RanOperation;
}

export interface Admission {
  admitted?: AdmittedOperation;
}

export interface AdmittedOperation extends OperationRequest {
  readonly schema: GraphQLSchema;
  /** The cost of each event. */
  readonly cost: number;
  /** For the audit log. */
  readonly ran: RanOperation;
}

export interface ExecutionPluginOptions {
  readonly schema: GraphQLSchema;
  readonly maxQueryCost: number;
  readonly formatError: FormatError;
  readonly work: WorkInFlight;
  /** Absent: all limits are enforced. */
  readonly limits?: LimitPolicy;
}

/**
 * Executes operations in place of Apollo: calls the guard, then runs the compiled plan. Apollo still handles HTTP,
 * parsing, validation and CSRF prevention. Subscriptions take the same way up to the guard.
 */
export function executionPlugin(options: ExecutionPluginOptions): ApolloServerPlugin<ServerContext> {
  const execute = compiledExecution(options.schema);
  const guard = operationGuard(options.schema, options.maxQueryCost, options.limits);
  const isHistorical = historicalReads();
  return {
    requestDidStart: async () => ({
      responseForOperation: async (requestContext): Promise<GraphQLResponse> => {
        const { operation, contextValue } = requestContext;
        const request = toOperationRequest(requestContext);
        const { admission, place } = contextValue;
        const guarded = guard(operation, request, admission ? 'events' : 'response');
        const { errors: refusal, cost, coercedVariables } = guarded;
        if (refusal) return response({ errors: refusal.map(options.formatError) }, toHttpStatus(refusal[0]));
        if (contextValue.auditLog?.mustRefuse) return refuse(auditUnavailable(), options.formatError);
        if (admission) {
          admission.admitted = {
            ...request,
            schema: options.schema,
            cost,
            ran: { document: request.document, definition: operation, cost },
          };
          return response({ data: null });
        }
        if (place) {
          const refused = await enter(options.work, place, { cost, isHistorical: isHistorical(request.document) });
          if (refused) return refuse(refused, options.formatError);
        }
        const result = await inSpan(
          'graphql.operation',
          () => Promise.resolve(execute({ ...request, coercedVariables, context: contextValue })),
          () => ({
            attributes: { 'graphql.operation.type': operation.operation, 'featuregraph.cost.estimated': cost },
          }),
        );
        if (place) place.operation = { document: request.document, definition: operation, cost };
        const errors = result.errors?.map(options.formatError);
        const answer = { ...(errors ? { errors } : {}), data: result.data ?? null };
        const estimated = { [ESTIMATED_COST]: String(cost) };
        if (!requestContext.request.http?.headers.has(SHOW_COST)) return response(answer, undefined, estimated);
        const used = await countValues(answer.data);
        const extensions = { cost: { estimated: cost, used, max: options.maxQueryCost } };
        return response({ ...answer, extensions }, undefined, { ...estimated, [USED_COST]: String(used) });
      },
    }),
  };
}

/** Returns why the request may not run now. */
async function enter(
  work: WorkInFlight,
  place: Place,
  of: Pick<Work, 'cost' | 'isHistorical'>,
): Promise<AppError | undefined> {
  try {
    place.leave = await work.enter({ owner: place.owner, ...of, signal: place.signal });
    // The client may have gone while the request waited.
    if (place.signal?.aborted) place.leave();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function refuse(error: AppError, formatError: FormatError): GraphQLResponse {
  const refusal = toGraphqlError(error);
  return response({ errors: [formatError(refusal)] }, toHttpStatus(refusal), retryAfter(error));
}

function toOperationRequest({ document, request }: GraphQLRequestContext<ServerContext>): OperationRequest {
  return {
    // Apollo calls this after parsing, validation and the choice of the operation.
    document: document!,
    operationName: request.operationName,
    variables: request.variables ?? {},
  };
}

type SingleResult = Extract<GraphQLResponse['body'], { kind: 'single' }>['singleResult'];

function response(
  singleResult: SingleResult,
  status?: number,
  headers: Readonly<Record<string, string>> = {},
): GraphQLResponse {
  return {
    http: { ...(status === undefined ? {} : { status }), headers: new HeaderMap(Object.entries(headers)) },
    body: { kind: 'single', singleResult },
  };
}
