import {
  getArgumentValues,
  isNonNullType,
  Kind,
  valueFromAST,
  visit,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  type ValueNode,
} from 'graphql';

type Values = Readonly<Record<string, unknown>>;

/** The arguments of a field, from the coerced variables. Throws what getArgumentValues of graphql-js throws. */
export type ArgumentsOf = (variables: Values) => Values;

interface PlannedArgument {
  readonly name: string;
  /** Absent: it has the value `constant` in every run. */
  readonly variable?: string;
  /** Of an argument with a variable: its default. undefined: it is left out. */
  readonly constant: unknown;
  readonly isNonNull: boolean;
}

/**
 * Prepares the arguments of a field: a run only looks up variables. graphql-js reads the document and coerces the literals
 * again in each run. Whatever is not usual, also each error, is left to it.
 */
export function planArguments(definition: GraphQLField<unknown, unknown>, node: FieldNode): ArgumentsOf {
  const general: ArgumentsOf = (variables) => getArgumentValues(definition, node, variables);
  const planned: PlannedArgument[] = [];
  for (const argument of definition.args) {
    const given = node.arguments?.find(({ name }) => name.value === argument.name)?.value;
    const plan = planArgument(argument, given);
    if (plan === 'general') return general;
    if (plan) planned.push(plan);
  }
  const hasVariables = planned.some(({ variable }) => variable !== undefined);
  if (!hasVariables) {
    const values: Values = Object.fromEntries(planned.map(({ name, constant }) => [name, constant]));
    return () => values;
  }
  return (variables) => {
    const values: Record<string, unknown> = {};
    for (const { name, variable, constant, isNonNull } of planned) {
      let value = constant;
      if (variable !== undefined && Object.hasOwn(variables, variable)) value = variables[variable];
      else if (variable !== undefined && value === undefined) {
        if (isNonNull) return general(variables);
        continue;
      }
      if (value === undefined || (value === null && isNonNull)) return general(variables);
      values[name] = value;
    }
    return values;
  };
}

/** undefined: the argument is left out. */
function planArgument(
  { name, type, defaultValue }: GraphQLArgument,
  given: ValueNode | undefined,
): PlannedArgument | 'general' | undefined {
  const isNonNull = isNonNullType(type);
  if (!given) {
    if (defaultValue !== undefined) return { name, constant: defaultValue, isNonNull };
    return isNonNull ? 'general' : undefined;
  }
  if (given.kind === Kind.VARIABLE) return { name, variable: given.name.value, constant: defaultValue, isNonNull };
  if (hasVariable(given)) return 'general';
  const constant = valueFromAST(given, type);
  return constant === undefined ? 'general' : { name, constant, isNonNull };
}

function hasVariable(value: ValueNode): boolean {
  let found = false;
  visit(value, {
    Variable: () => {
      found = true;
    },
  });
  return found;
}
