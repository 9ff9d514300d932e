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

/** Refuses a request that asks for too much. */
export type CheckQueryCost = (request: CostedRequest) => void;

/** Costs remembered of one document; a client that pages has a few, a fuzzer has many. */
const MAX_CACHED_COSTS = 100;

/** The highest estimate that is told. */
const MAX_REPORTED_COST = 1_000_000_000;

/**
 * Refuses a request that asks for more than maxCost. The cost is about the number of values and objects in the answer;
 * list fields say how they multiply (schema/complexity.ts). Counted for each request with its variables: a rule that
 * runs once a document, as validation does, counts `first: $n` as nothing.
 *
 * Counting walks the document, a fifth of the work of a small request. So the cost is remembered for the document and the
 * shape of the variables: which ids are asked for changes nothing, how many does.
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
    // Lists within lists multiply past what a number says exactly, and up to Infinity, which JSON would write as null.
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

/** All of the variables that a cost can depend on: lengths of lists, numbers, and flags (@skip, @include). */
function toVariableShape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return value === null ? '-' : '';
  return `{${Object.entries(value)
    .map(([name, field]) => `${name}:${toVariableShape(field)}`)
    .join()}}`;
}
