import {
  coerceInputValue,
  getVariableValues,
  GraphQLError,
  isInputType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { AppError } from '../errors/app-error.js';
import { appendPath, inputPathOfVariable, type InputPath } from '../errors/input-path.js';
import { findAppError } from '../errors/mask-error.js';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import { InputCoercion, NOT_OF_TYPE, type CoerceInput } from './input-coercion.js';

export interface VariablesOfOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

export type CoercedVariables =
  | { readonly errors: readonly GraphQLError[]; readonly coerced?: undefined }
  | { readonly errors?: undefined; readonly coerced: Readonly<Record<string, unknown>> };

export type CoerceVariables = (request: Omit<VariablesOfOperation, 'schema'>) => CoercedVariables;

/**
 * Coerces the variables of operations. The `field` of an error is the argument that gets the value, and the path in
 * it. graphql-js names the variable, which the client invented and the schema does not have. `hidesSchema`: errors suggest no
 * names, because clients may not see the schema.
 */
export function variableCoercion(schema: GraphQLSchema, hidesSchema = false): CoerceVariables {
  const inputs = new InputCoercion();
  const plans = new WeakMap<OperationDefinitionNode, readonly PlannedVariable[]>();
  return (request) => {
    let plan = plans.get(request.operation);
    if (!plan) plans.set(request.operation, (plan = planVariables(schema, request.operation, inputs)));
    const coerced = coerceValid(plan, request.variables);
    return coerced ? { coerced } : coerceWithErrors({ schema, ...request }, hidesSchema);
  };
}

interface PlannedVariable {
  readonly name: string;
  /** Absent: graphql-js coerces it. */
  readonly coerce: CoerceInput | undefined;
  /** undefined: there is none. */
  readonly defaultValue: unknown;
  readonly isRequired: boolean;
}

function planVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  inputs: InputCoercion,
): readonly PlannedVariable[] {
  return variableDefinitions.map(({ variable, type: typeNode, defaultValue }) => {
    const type = typeFromAST(schema, typeNode);
    const isInput = isInputType(type);
    return {
      name: variable.name.value,
      coerce: isInput ? inputs.of(type) : undefined,
      defaultValue: isInput && defaultValue ? valueFromAST(defaultValue, type) : undefined,
      isRequired: isNonNullType(type),
    };
  });
}

/** undefined: some variable is not of its type. */
function coerceValid(
  plan: readonly PlannedVariable[],
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const coerced: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const { name, coerce, defaultValue, isRequired } of plan) {
    if (!coerce) return undefined;
    if (Object.hasOwn(variables, name)) {
      const value = coerce(variables[name]);
      if (value === NOT_OF_TYPE) return undefined;
      coerced[name] = value;
    } else if (defaultValue !== undefined) coerced[name] = defaultValue;
    else if (isRequired) return undefined;
  }
  return coerced;
}

function coerceWithErrors(request: VariablesOfOperation, hidesSchema: boolean): CoercedVariables {
  const { schema, operation, variables } = request;
  const { errors, coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, {
    maxErrors: QUERY_LIMITS.maxValidationErrors,
  });
  if (!errors) return { coerced };
  const fields = fieldsAtFault(request);
  return { errors: errors.map((error, index) => toBadInput(error, fields[index], hidesSchema)) };
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

/** How graphql-js ends a message with names that are like the one that was sent. Apollo cuts it from errors of validation. */
const SUGGESTION = / Did you mean [^?]*\?$/;

/** graphql-js gives an invalid variable no code; an error of our own scalar has a code and a reason. */
function toBadInput(
  { message: whole, nodes, originalError }: GraphQLError,
  field: InputPath | undefined,
  hidesSchema: boolean,
): GraphQLError {
  const message = hidesSchema ? whole.replace(SUGGESTION, '') : whole;
  const refusal = findAppError(originalError);
  const details = { ...refusal?.details, ...(field === undefined ? {} : { field }) };
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    originalError: new AppError(refusal?.code ?? 'BAD_USER_INPUT', message, details),
  });
}
