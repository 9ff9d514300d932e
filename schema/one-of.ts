import { isInputObjectType, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';

/**
 * Makes an input class a OneOf input object: a client sets exactly one of its fields. All its fields must be nullable and
 * without a default. type-graphql has no option for it, so the class is marked here and its type in `applyOneOf`.
 */
export const OneOf = Extensions({ isOneOf: true });

/** Tells graphql-js which input types are OneOf, so that it checks values, prints `@oneOf` and answers introspection. */
export function applyOneOf(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isInputObjectType(type) && type.extensions.isOneOf === true) type.isOneOf = true;
  }
}
