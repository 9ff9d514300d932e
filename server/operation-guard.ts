import {
  GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { AppError } from '../errors/app-error.js';
import { ERROR_CODES, isErrorCode } from '../errors/error-codes.js';
import { findAppError } from '../errors/mask-error.js';
import type { LimitPolicy } from '../limits/limit-mode.js';
import { checkVariables } from '../limits/variables.js';
import { queryCostCheck } from '../limits/query-cost.js';
import { variableCoercion } from './coerce-variables.js';

/** An operation of a parsed and valid document, as a client requests it. */
export interface OperationRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** How the response travels: as one response, or as a stream of events. */
export type Delivery = 'response' | 'events';

/** The errors of an operation before any field runs, or its cost when it may run. */
export type GuardedOperation =
  | { readonly errors: readonly GraphQLError[]; readonly cost?: undefined; readonly coercedVariables?: undefined }
  | {
      readonly errors?: undefined;
      readonly cost: number;
      /** The declared variables as resolvers get them. */
      readonly coercedVariables: Readonly<Record<string, unknown>>;
    };

export type OperationGuard = (
  operation: OperationDefinitionNode | undefined,
  request: OperationRequest,
  delivery: Delivery,
) => GuardedOperation;

/**
 * The guard for every operation, over HTTP, WebSocket and server-sent events. It selects the operation and checks that
 * this transport supports it, its variables, and its cost with them.
 */
export function operationGuard(
  schema: GraphQLSchema,
  maxQueryCost: number,
  { limits, hidesSchema }: { readonly limits?: LimitPolicy | undefined; readonly hidesSchema?: boolean } = {},
): OperationGuard {
  const checkCost = queryCostCheck(schema, maxQueryCost, limits);
  const coerceVariables = variableCoercion(schema, hidesSchema);
  return (operation, request, delivery) => {
    if (!operation) return { errors: [noOperation(request.operationName)] };
    if ((operation.operation === OperationTypeNode.SUBSCRIPTION) !== (delivery === 'events')) {
      return { errors: [wrongTransport(delivery)] };
    }
    const { document, variables } = request;
    try {
      checkVariables(schema, document, variables);
      const { errors, coerced } = coerceVariables({ document, operation, variables });
      if (errors) return { errors };
      const cost = checkCost({ document, operation, variables, coercedVariables: coerced });
      return { cost, coercedVariables: coerced };
    } catch (error) {
      return { errors: [toGraphqlError(error as Error)] };
    }
  };
}

/** The HTTP status of a request that this error refuses. */
export function toHttpStatus(error: GraphQLError | undefined): number {
  const code = findAppError(error)?.code ?? error?.extensions.code;
  return ERROR_CODES[isErrorCode(code) ? code : 'INTERNAL_SERVER_ERROR'].httpStatus;
}

function noOperation(operationName: string | undefined): GraphQLError {
  const message =
    operationName === undefined
      ? 'The document has several operations. Say in operationName which one is meant.'
      : `The document has no operation "${operationName}".`;
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
}

function wrongTransport(delivery: Delivery): GraphQLError {
  const message =
    delivery === 'events'
      ? 'Sockets and event streams carry subscriptions. Send queries and mutations as HTTP requests.'
      : 'A subscription has many answers. Send it over WebSocket, or by POST with Accept: text/event-stream.';
  return toGraphqlError(new AppError('WRONG_TRANSPORT', message));
}

/** An error of this project as an error of the GraphQL engine. */
export function toGraphqlError(error: Error): GraphQLError {
  return new GraphQLError(error.message, { originalError: error });
}
