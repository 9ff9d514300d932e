import { GraphQLError, type ASTVisitor, type ValidationContext } from 'graphql';

/**
 * The validation rule of a gateway that disables introspection. Apollo's own message explains the configuration of an
 * Apollo server, which does not help a client.
 */
export function closedIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field: (node) => {
      if (node.name.value !== '__schema' && node.name.value !== '__type') return;
      const message = 'This gateway does not tell its schema to clients. Ask those who run it for the schema.';
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
}
