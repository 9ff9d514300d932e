import {
  getNullableType,
  GraphQLError,
  isInputObjectType,
  Kind,
  type ASTVisitor,
  type ValidationContext,
} from 'graphql';

/**
 * Refuses a nullable variable for a field of a OneOf input, as the specification requires. graphql-js 16 misses this
 * where the argument itself is required (`input: A!`), and an execution would pass an empty input to a
 * resolver.
 */
export function oneOfVariables(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition: (operation) => {
      const definitions = new Map(operation.variableDefinitions?.map((each) => [each.variable.name.value, each]));
      // Includes variables in fragments, which may stand before the operation or after it.
      for (const { node, parentType } of context.getRecursiveVariableUsages(operation)) {
        const input = getNullableType(parentType);
        const definition = definitions.get(node.name.value);
        if (!isInputObjectType(input) || !input.isOneOf) continue;
        if (definition === undefined || definition.type.kind === Kind.NON_NULL_TYPE) continue;
        const name = node.name.value;
        const message = `Variable "$${name}" may be null. A field of the OneOf input "${input.name}" takes a variable that is never null: add "!" to its type.`;
        context.reportError(new GraphQLError(message, { nodes: [definition, node] }));
      }
    },
  };
}
