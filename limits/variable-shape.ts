import {
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';

/**
 * All parts of the variables that can affect a cost: the lengths of lists, numbers, flags (@skip, @include), and which
 * values are null. Two requests of one operation with the same shape have the same cost.
 *
 * The shape is made from the declared, coerced variables, and it is JSON: text of a client can never stand for a number
 * or a length. Otherwise a client could store the cost of a small request under the key of a large one.
 */
export function variableShapes(schema: GraphQLSchema): VariableShape {
  /** Finding the types by their names takes as long as the shape. */
  const known = new WeakMap<OperationDefinitionNode, readonly InputVariable[]>();
  return (operation, coerced) => {
    let variables = known.get(operation);
    if (!variables) known.set(operation, (variables = inputVariables(schema, operation)));
    return JSON.stringify(variables.map(({ name, type }) => (type ? shapeOf(type, coerced[name]) : null)));
  };
}

export type VariableShape = (operation: OperationDefinitionNode, coerced: Readonly<Record<string, unknown>>) => string;

interface InputVariable {
  readonly name: string;
  /** undefined: the schema has no such input type. */
  readonly type: GraphQLInputType | undefined;
}

function inputVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): readonly InputVariable[] {
  return variableDefinitions.map(({ variable, type: typeNode }) => {
    const type = typeFromAST(schema, typeNode);
    return { name: variable.name.value, type: isInputType(type) ? type : undefined };
  });
}

type Shape = null | number | boolean | string | Shape[];

function shapeOf(type: GraphQLInputType, value: unknown): Shape {
  if (value === null || value === undefined) return null;
  if (isNonNullType(type)) return shapeOf(type.ofType, value);
  if (isListType(type)) return Array.isArray(value) ? [value.length, countItems(value)] : [1];
  if (isInputObjectType(type)) {
    const fields = value as Readonly<Record<string, unknown>>;
    return Object.values(type.getFields()).map((field) => shapeOf(field.type, fields[field.name]));
  }
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  // A value of an enum is a name of the schema. All other leaves count by their presence alone.
  return isEnumType(type) && typeof value === 'string' ? value : 'x';
}

/** The number of items of the lists inside the objects of a list: the values of the rows of a write. */
function countItems(list: readonly unknown[]): number {
  let items = 0;
  for (const item of list) {
    if (typeof item !== 'object' || item === null) continue;
    for (const name in item) {
      const field = (item as Readonly<Record<string, unknown>>)[name];
      if (Array.isArray(field)) items += field.length;
    }
  }
  return items;
}
