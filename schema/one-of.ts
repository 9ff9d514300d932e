import { isInputObjectType, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';

/**
 * Makes an input class a OneOf input object: a client sets exactly one of its fields. All its fields must be nullable
 * and have no default. type-graphql has no option for this, so this marks the class, and `applyOneOf` marks its type.
 */
export const OneOf = Extensions({ isOneOf: true });

/**
 * Marks the OneOf input types for graphql-js, so that it validates values, prints `@oneOf` and reports it in
 * introspection.
 */
export function applyOneOf(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isInputObjectType(type) && type.extensions.isOneOf === true) type.isOneOf = true;
  }
}
