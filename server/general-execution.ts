import { execute, getOperationAST, OperationTypeNode, type GraphQLSchema } from 'graphql';
import type { Execute } from './execute.js';
import { mutationExecution } from './mutation-execution.js';
import { ROOT_VALUE } from './run-operation.js';

/** Executes what the hot lane does not know, with graphql-js. */
export function generalExecution(schema: GraphQLSchema): Execute {
  const executeMutation = mutationExecution(schema);
  return (request) => {
    const { document, operationName, variables, context } = request;
    if (getOperationAST(document, operationName)?.operation === OperationTypeNode.MUTATION) {
      return executeMutation(request);
    }
    return execute({
      schema,
      document,
      rootValue: ROOT_VALUE,
      contextValue: context,
      variableValues: variables,
      operationName,
    });
  };
}
