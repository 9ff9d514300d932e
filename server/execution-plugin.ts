import { HeaderMap, type ApolloServerPlugin, type GraphQLRequestContext, type GraphQLResponse } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import type { RequestContext } from '../resolvers/context.js';
import { compiledExecution } from './compiled-execution.js';
import type { FormatError } from './format-error.js';
import { operationGuard, toHttpStatus, type OperationRequest } from './operation-guard.js';

/** The context of a request in Apollo. */
export interface ServerContext extends RequestContext {
  /**
   * Present when the response is a stream of events: a subscription that passes the guard is stored here, and
   * subscriptions.ts runs it.
   */
  readonly admission?: Admission;
}

export interface Admission {
  admitted?: AdmittedOperation;
}

export interface AdmittedOperation extends OperationRequest {
  readonly schema: GraphQLSchema;
}

export interface ExecutionPluginOptions {
  readonly schema: GraphQLSchema;
  readonly maxQueryCost: number;
  readonly formatError: FormatError;
}

/**
 * Executes operations in place of Apollo: calls the guard, then runs the compiled plan. Apollo still handles HTTP,
 * parsing, validation and CSRF prevention. Subscriptions take the same way up to the guard.
 */
export function executionPlugin(options: ExecutionPluginOptions): ApolloServerPlugin<ServerContext> {
  const execute = compiledExecution(options.schema);
  const guard = operationGuard(options.schema, options.maxQueryCost);
  return {
    requestDidStart: async () => ({
      responseForOperation: async (requestContext): Promise<GraphQLResponse> => {
        const { operation, contextValue } = requestContext;
        const request = toOperationRequest(requestContext);
        const refusal = guard(operation, request, contextValue.admission ? 'events' : 'response');
        if (refusal.length > 0) {
          return response({ errors: refusal.map(options.formatError) }, toHttpStatus(refusal[0]));
        }
        if (contextValue.admission) {
          contextValue.admission.admitted = { ...request, schema: options.schema };
          return response({ data: null });
        }
        const result = await execute({ ...request, context: contextValue });
        const errors = result.errors?.map(options.formatError);
        return response({ ...(errors ? { errors } : {}), data: result.data ?? null });
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

type SingleResult = Extract<GraphQLResponse['body'], { kind: 'single' }>['singleResult'];

function response(singleResult: SingleResult, status?: number): GraphQLResponse {
  return {
    http: { ...(status === undefined ? {} : { status }), headers: new HeaderMap() },
    body: { kind: 'single', singleResult },
  };
}
