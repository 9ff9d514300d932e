import { GraphQLError, type ASTVisitor, type ValidationContext } from 'graphql';

/** `_service` is of Apollo Federation: its SDL is the schema. No other type has a field of this name. */
const TELLS_SCHEMA = new Set(['__schema', '__type', '_service']);

/**
 * The validation rule of a gateway that disables introspection. Apollo's own message explains the configuration of an
 * Apollo server, which does not help a client.
 */
export function closedIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field: (node) => {
      if (!TELLS_SCHEMA.has(node.name.value)) return;
      const message = 'This gateway does not tell its schema to clients. Ask those who run it for the schema.';
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  };
}
