import { GraphQLError, type ASTVisitor, type ValidationContext } from 'graphql';

/**
 * The validation rule of a gateway that does not tell its schema. Apollo's own says how an Apollo server is programmed, to
 * people who program none.
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
