import { HeaderMap, type ApolloServerPlugin, type GraphQLRequestContext, type GraphQLResponse } from '@apollo/server';
import { getVariableValues, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { ERROR_CODES } from '../errors/error-codes.js';
import { findAppError } from '../errors/mask-error.js';
import { queryCostCheck, type CheckQueryCost } from '../limits/query-cost.js';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import type { RequestContext } from '../resolvers/context.js';
import { compiledExecution } from './compiled-execution.js';

export interface ExecutionPluginOptions {
  readonly schema: GraphQLSchema;
  readonly maxQueryCost: number;
  readonly formatError: (error: GraphQLError) => GraphQLFormattedError;
}

/**
 * Answers operations in place of Apollo's own execution: coerces variables, checks the cost with them, runs the compiled
 * plan. Apollo still does all around it: HTTP, parsing, validation, CSRF prevention.
 */
export function executionPlugin(options: ExecutionPluginOptions): ApolloServerPlugin<RequestContext> {
  const execute = compiledExecution(options.schema);
  const checkCost = queryCostCheck(options.schema, options.maxQueryCost);
  return {
    requestDidStart: async () => ({
      responseForOperation: async (requestContext): Promise<GraphQLResponse> => {
        const refusal = refuse(options.schema, checkCost, requestContext);
        if (refusal.length > 0) {
          return response({ errors: refusal.map(options.formatError) }, statusOf(refusal[0]));
        }
        const result = await execute({ ...requestOf(requestContext), context: requestContext.contextValue });
        const errors = result.errors?.map(options.formatError);
        return response({ ...(errors ? { errors } : {}), data: result.data ?? null });
      },
    }),
  };
}

type Resolved = Pick<GraphQLRequestContext<RequestContext>, 'document' | 'operation' | 'request'>;

function requestOf({ document, request }: Resolved) {
  return {
    // Apollo asks for a response after parsing, validation and the choice of the operation.
    document: document!,
    operationName: request.operationName,
    variables: request.variables ?? {},
  };
}

/** What is wrong with a request before any field of it runs. */
function refuse(schema: GraphQLSchema, checkCost: CheckQueryCost, requestContext: Resolved): readonly GraphQLError[] {
  const request = requestOf(requestContext);
  if (!requestContext.operation) return [noOperation(request.operationName)];
  const definitions = requestContext.operation.variableDefinitions ?? [];
  const { errors } = getVariableValues(schema, definitions, request.variables, {
    maxErrors: QUERY_LIMITS.maxValidationErrors,
  });
  if (errors) return errors.map(asBadInput);
  try {
    checkCost(request);
    return [];
  } catch (error) {
    return [new GraphQLError((error as Error).message, { originalError: error as Error })];
  }
}

/** graphql-js gives a variable it cannot read no code; a scalar that refused one did (BAD_USER_INPUT, with its reason). */
function asBadInput(error: GraphQLError): GraphQLError {
  if (error.originalError) return error;
  return new GraphQLError(error.message, { nodes: error.nodes ?? null, extensions: { code: 'BAD_USER_INPUT' } });
}

function noOperation(operationName: string | undefined): GraphQLError {
  const message =
    operationName === undefined
      ? 'The document has several operations. Say in operationName which one is meant.'
      : `The document has no operation "${operationName}".`;
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}

function statusOf(error: GraphQLError | undefined): number {
  if (!error?.originalError) return ERROR_CODES.BAD_USER_INPUT.httpStatus;
  return ERROR_CODES[findAppError(error)?.code ?? 'INTERNAL_SERVER_ERROR'].httpStatus;
}

type SingleResult = Extract<GraphQLResponse['body'], { kind: 'single' }>['singleResult'];

function response(singleResult: SingleResult, status?: number): GraphQLResponse {
  return {
    http: { ...(status === undefined ? {} : { status }), headers: new HeaderMap() },
    body: { kind: 'single', singleResult },
  };
}
