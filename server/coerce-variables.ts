import {
  coerceInputValue,
  getVariableValues,
  GraphQLError,
  isInputType,
  isNonNullType,
  typeFromAST,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { AppError } from '../errors/app-error.js';
import { appendPath, inputPathOfVariable, type InputPath } from '../errors/input-path.js';
import { findAppError } from '../errors/mask-error.js';
import { QUERY_LIMITS } from '../limits/query-limits.js';

export interface VariablesOfOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

export type CoercedVariables =
  | { readonly errors: readonly GraphQLError[]; readonly coerced?: undefined }
  | { readonly errors?: undefined; readonly coerced: Readonly<Record<string, unknown>> };

/**
 * Coerces the variables of an operation. The `field` of an error is the argument that gets the value, and the path in
 * it. graphql-js names the variable, which the client invented and the schema does not have.
 */
export function coerceVariables(request: VariablesOfOperation): CoercedVariables {
  const { schema, operation, variables } = request;
  const { errors, coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, {
    maxErrors: QUERY_LIMITS.maxValidationErrors,
  });
  if (!errors) return { coerced };
  const fields = fieldsAtFault(request);
  return { errors: errors.map((error, index) => toBadInput(error, fields[index])) };
}

/** In the order in which getVariableValues reports errors: it tells the path inside a value only in its message. */
function fieldsAtFault({ schema, document, operation, variables }: VariablesOfOperation): (InputPath | undefined)[] {
  const fields: (InputPath | undefined)[] = [];
  for (const { variable, type: typeNode, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const path = inputPathOfVariable(document, name);
    const type = typeFromAST(schema, typeNode);
    const isGiven = Object.hasOwn(variables, name);
    if (!isInputType(type) || (isGiven && variables[name] === null && isNonNullType(type))) fields.push(path);
    else if (isGiven) {
      coerceInputValue(variables[name], type, (keys) => fields.push(path && appendPath(path, keys)));
    } else if (!defaultValue && isNonNullType(type)) fields.push(path);
  }
  return fields;
}

/** graphql-js gives an invalid variable no code; an error of our own scalar has a code and a reason. */
function toBadInput({ message, nodes, originalError }: GraphQLError, field: InputPath | undefined): GraphQLError {
  const refusal = findAppError(originalError);
  const details = { ...refusal?.details, ...(field === undefined ? {} : { field }) };
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    originalError: new AppError(refusal?.code ?? 'BAD_USER_INPUT', message, details),
  });
}
