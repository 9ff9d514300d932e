import type { DocumentNode, GraphQLSchema } from 'graphql';
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';
import { AppError } from '../errors/app-error.js';
import { QUERY_LIMITS } from './query-limits.js';

const ESTIMATORS = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })];

export interface CostedRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** The variables as the client sent them; `first: $n` costs the value of $n, also when that is its default. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Refuses a request whose cost exceeds the limit. */
export type CheckQueryCost = (request: CostedRequest) => void;

/** Cached costs per document. A client that pages has a few; a fuzzer has many. */
const MAX_CACHED_COSTS = 100;

/** The highest estimate that an error reports. */
const MAX_REPORTED_COST = 1_000_000_000;

/**
 * Refuses a request whose cost exceeds maxCost. The cost approximates the number of values and objects in the response;
 * list fields define how they multiply (schema/complexity.ts). Each request is counted with its variables: a validation
 * rule runs once per document and would count `first: $n` as nothing.
 *
 * Counting visits the whole document and takes a fifth of the work of a small request. So the cost is cached by the
 * document and the shape of the variables: the number of ids changes the cost, the ids themselves do not.
 */
export function queryCostCheck(schema: GraphQLSchema, maxCost: number): CheckQueryCost {
  const remembered = new WeakMap<DocumentNode, Map<string, number>>();
  return (request) => {
    let costs = remembered.get(request.document);
    if (!costs || costs.size > MAX_CACHED_COSTS) remembered.set(request.document, (costs = new Map<string, number>()));
    const key = `${request.operationName}${toVariableShape(request.variables)}`;
    let cost = costs.get(key);
    if (cost === undefined) costs.set(key, (cost = computeCost(schema, request)));
    if (cost <= maxCost) return;
    // Nested lists multiply beyond exact integers and up to Infinity, which JSON would write as null.
    const estimated = Math.min(cost, MAX_REPORTED_COST);
    throw new AppError(
      'QUERY_TOO_EXPENSIVE',
      `This query may give ${cost > MAX_REPORTED_COST ? 'more than' : 'about'} ${estimated} values and objects; one request may give ${maxCost}. Ask for fewer entities or features.`,
      { cost: { estimated, max: maxCost } },
    );
  };
}

function computeCost(schema: GraphQLSchema, { document, operationName, variables }: CostedRequest): number {
  return getComplexity({
    schema,
    query: document,
    variables: { ...variables },
    estimators: ESTIMATORS,
    maxQueryNodes: QUERY_LIMITS.maxCostNodes,
    ...(operationName === undefined ? {} : { operationName }),
  });
}

/** The number of items of the lists inside the objects of a list: the values of the rows of a write. */
function countItems(list: readonly unknown[]): number {
  let items = 0;
  for (const item of list) {
    if (typeof item !== 'object' || item === null) continue;
    for (const field of Object.values(item)) if (Array.isArray(field)) items += field.length;
  }
  return items;
}

/** All parts of the variables that can affect a cost: lengths of lists, numbers, and flags (@skip, @include). */
function toVariableShape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}/${countItems(value)}]`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return value === null ? '-' : '';
  return `{${Object.entries(value)
    .map(([name, field]) => `${name}:${toVariableShape(field)}`)
    .join()}}`;
}
