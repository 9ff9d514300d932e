import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';
import { AppError } from '../errors/app-error.js';
import { ENFORCE, type LimitPolicy } from './limit-mode.js';
import { QUERY_LIMITS } from './query-limits.js';
import { variableShapes } from './variable-shape.js';

const ESTIMATORS = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })];

export interface CostedRequest {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** The variables as the client sent them; `first: $n` costs the value of $n, also when that is its default. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The declared variables as the resolvers get them, with their defaults. */
  readonly coercedVariables: Readonly<Record<string, unknown>>;
}

/** Returns the cost of a request. Refuses one whose cost exceeds the limit. */
export type CheckQueryCost = (request: CostedRequest) => number;

/** Cached costs per operation. A client that pages has a few; a fuzzer has many. */
const MAX_CACHED_COSTS = 100;

/** The highest estimate that an error reports. */
const MAX_REPORTED_COST = 1_000_000_000;

/**
 * Refuses a request whose cost exceeds maxCost. The cost approximates the work and the size of the response;
 * list fields define how they multiply (schema/complexity.ts). Each request is counted with its variables: a validation
 * rule runs once per document and would count `first: $n` as nothing.
 *
 * Counting visits the whole document and takes a fifth of the work of a small request. So the cost is cached by the
 * operation and the shape of its variables: the number of ids changes the cost, the ids themselves do not.
 */
export function queryCostCheck(schema: GraphQLSchema, maxCost: number, policy: LimitPolicy = ENFORCE): CheckQueryCost {
  const cached = new WeakMap<OperationDefinitionNode, Map<string, number>>();
  const shapeOf = variableShapes(schema);
  return (request) => {
    const { operation, coercedVariables } = request;
    let costs = cached.get(operation);
    if (!costs || costs.size > MAX_CACHED_COSTS) cached.set(operation, (costs = new Map<string, number>()));
    const shape = shapeOf(operation, coercedVariables);
    let cost = costs.get(shape);
    if (cost === undefined) costs.set(shape, (cost = computeCost(schema, request)));
    if (cost <= maxCost) return cost;
    policy.report('cost', policy.mode === 'enforce');
    if (policy.mode === 'measure') return cost;
    // Nested lists multiply beyond exact integers and up to Infinity, which JSON would write as null.
    const estimated = Math.min(cost, MAX_REPORTED_COST);
    throw new AppError(
      'QUERY_TOO_EXPENSIVE',
      `This request costs ${cost > MAX_REPORTED_COST ? 'more than' : 'about'} ${estimated} points; one request may cost ${maxCost}. Ask for fewer entities or features.`,
      { cost: { estimated, max: maxCost } },
    );
  };
}

function computeCost(schema: GraphQLSchema, { document, operation, variables }: CostedRequest): number {
  const operationName = operation.name?.value;
  return getComplexity({
    schema,
    query: document,
    variables: { ...variables },
    estimators: ESTIMATORS,
    maxQueryNodes: QUERY_LIMITS.maxCostNodes,
    ...(operationName === undefined ? {} : { operationName }),
  });
}
