import { OperationTypeNode, type GraphQLSchema } from 'graphql';
import { PROCESS_LIMITS } from '../../limits/process-limits.js';
import type { RanOperation } from '../end-audit.js';
import type { ExecutionRequest } from '../execute.js';
import type { Executed } from '../run-operation.js';
import { WrittenData } from '../written-data.js';
import { KnownOperation } from './known-operation.js';
import { PlanRun } from './plan-run.js';

/** Executes a large query by a plan. undefined: graphql-js has to execute it. */
export type ExecuteLarge = (request: ExecutionRequest, ran: RanOperation) => Promise<Executed<WrittenData>> | undefined;

/**
 * Runs large queries whose document comes for the first time as the hot lane runs them later: by a plan, in turns of the event
 * loop. graphql-js begins all fields of a list in one go: 10,000 entities with ten typed fields are 100,000 promises, and no
 * other request is served for half a second. A client could send a document that is new each time.
 */
export function largeExecution(schema: GraphQLSchema, maxResponseBytes: number): ExecuteLarge {
  return ({ document, operationName, coercedVariables, context }, { definition, cost }) => {
    if (cost <= PROCESS_LIMITS.work.smallCost || definition.operation !== OperationTypeNode.QUERY) return undefined;
    const known = new KnownOperation(schema, document, definition, operationName);
    const plan = known.planOf(coercedVariables);
    if (!plan) return undefined;
    const run = new PlanRun(known, context, coercedVariables, maxResponseBytes);
    return Promise.resolve(plan.write(run)).then(({ data, errors }) => ({
      data: typeof data === 'string' ? new WrittenData(data, run.isTooLarge) : data,
      errors,
    }));
  };
}
