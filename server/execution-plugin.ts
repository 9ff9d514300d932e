import { HeaderMap, type ApolloServerPlugin, type GraphQLRequestContext, type GraphQLResponse } from '@apollo/server';
import type { GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { historicalReads } from '../limits/historical.js';
import type { RequestContext } from '../resolvers/context.js';
import { countValues, countWrittenValues } from './answer-size.js';
import { SHOW_COST, USED_COST } from './cost-headers.js';
import type { RanOperation } from './end-audit.js';
import { generalExecution } from './general-execution.js';
import type { HotLane } from './hot-lane/hot-lane.js';
import { largeExecution } from './hot-lane/large-execution.js';
import type { OperationGuard, OperationRequest } from './operation-guard.js';
import { runOperation, type OperationAnswer, type Place, type RunOptions } from './run-operation.js';
import { WrittenData } from './written-data.js';

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

export interface Admission {
  /** The id of the trusted document, if it is one. */
  readonly documentId: string | undefined;
  admitted?: AdmittedOperation;
}

export interface AdmittedOperation extends OperationRequest {
  readonly schema: GraphQLSchema;
  /** The cost of each event. */
  readonly cost: number;
  /** For the audit log. */
  readonly ran: RanOperation;
}

export interface ExecutionPluginOptions extends RunOptions {
  readonly maxQueryCost: number;
  /** The largest answer, in bytes. */
  readonly maxResponseBytes: number;
  readonly guard: OperationGuard;
  /** Learns the documents that run here. Absent: every request goes through Apollo. */
  readonly hotLane: HotLane | undefined;
}

/**
 * Executes operations in place of Apollo. Apollo still handles HTTP, parsing, validation and CSRF prevention. Subscriptions
 * take the same way up to the guard.
 */
export function executionPlugin(options: ExecutionPluginOptions): ApolloServerPlugin<ServerContext> {
  const { schema, guard, hotLane } = options;
  const isHistorical = historicalReads();
  const executeOperation = generalExecution(schema);
  const executeLarge = hotLane ? largeExecution(schema, options.maxResponseBytes) : () => undefined;
  return {
    requestDidStart: async () => ({
      responseForOperation: async (requestContext): Promise<GraphQLResponse> => {
        const { contextValue, source } = requestContext;
        // Apollo chose it. Despite its type, it is undefined when the document has none of this name.
        const operation = requestContext.operation as OperationDefinitionNode | undefined;
        const request = toOperationRequest(requestContext);
        const { admission, place } = contextValue;
        const guarded = guard(operation, request, admission ? 'events' : 'response');
        if (!guarded.errors && !admission) hotLane?.learn(source, operation!, request);
        const answer = await runOperation<Data | WrittenData>(options, {
          guarded,
          document: request.document,
          operation,
          isHistorical: isHistorical(request.document),
          context: contextValue,
          documentId: (place ?? admission)?.documentId,
          place,
          execute: async (ran) => {
            const { coercedVariables = {} } = guarded;
            if (!admission) {
              const execution = { ...request, coercedVariables, context: contextValue };
              return executeLarge(execution, ran) ?? executeOperation(execution);
            }
            admission.admitted = { ...request, schema, cost: ran.cost, ran };
            return { data: null };
          },
        });
        const isCostShown = requestContext.request.http?.headers.has(SHOW_COST);
        if (answer.data === undefined || !isCostShown) return toResponse(answer);
        const used = await usedPoints(answer.data);
        const cost = { estimated: guarded.cost, used, max: options.maxQueryCost };
        return toResponse({ ...answer, headers: { ...answer.headers, [USED_COST]: String(used) } }, { cost });
      },
    }),
  };
}

function toOperationRequest({ document, request }: GraphQLRequestContext<ServerContext>): OperationRequest {
  return {
    // Apollo calls this after parsing, validation and the choice of the operation.
    document: document!,
    operationName: request.operationName,
    variables: request.variables ?? {},
  };
}

type Data = Record<string, unknown>;

function usedPoints(data: Data | WrittenData | null): Promise<number> {
  return data instanceof WrittenData ? countWrittenValues(data.text) : countValues(data);
}

function toResponse(
  { status, headers, errors, data }: OperationAnswer<Data | WrittenData>,
  extensions?: Record<string, unknown>,
): GraphQLResponse {
  return {
    http: { ...(status === undefined ? {} : { status }), headers: new HeaderMap(Object.entries(headers)) },
    body: {
      kind: 'single',
      singleResult: {
        ...(errors ? { errors } : {}),
        // write-answer.ts writes both.
        ...(data === undefined ? {} : { data: data as Data | null }),
        ...(extensions ? { extensions } : {}),
      },
    },
  };
}
