import type { DocumentNode, GraphQLSchema } from 'graphql';
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';
import { AppError } from '../errors/app-error.js';
import { QUERY_LIMITS } from './query-limits.js';

const ESTIMATORS = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })];

export interface CostedRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** As the client sent them; `first: $n` costs what $n is, also when that is its default. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Refuses a request that asks for more than maxCost. The cost is about the number of values and objects in the answer;
 * list fields say how they multiply (schema/complexity.ts). Counted for each request with its variables: a rule that
 * runs once a document, as validation does, counts `first: $n` as nothing.
 */
export function checkQueryCost(schema: GraphQLSchema, maxCost: number, request: CostedRequest): void {
  const cost = getComplexity({
    schema,
    query: request.document,
    variables: { ...request.variables },
    estimators: ESTIMATORS,
    maxQueryNodes: QUERY_LIMITS.maxCostNodes,
    ...(request.operationName === undefined ? {} : { operationName: request.operationName }),
  });
  if (cost <= maxCost) return;
  throw new AppError(
    'QUERY_TOO_EXPENSIVE',
    `This query may give about ${cost} values and objects; one request may give ${maxCost}. Ask for fewer entities or features.`,
    { cost: { estimated: cost, max: maxCost } },
  );
}
