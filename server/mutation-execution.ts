import {
  execute,
  GraphQLScalarType,
  GraphQLSchema,
  Kind,
  type DefinitionNode,
  type DocumentNode,
  type NamedTypeNode,
} from 'graphql';
import type { Execute } from './execute.js';

/** The type of a variable whose value is coerced already. No client can name it: two underscores are GraphQL's own. */
const COERCED = new GraphQLScalarType({ name: '__Coerced' });
const COERCED_NODE: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: COERCED.name } };

/**
 * Executes mutations with the variables that the guard has coerced. graphql-js would coerce them again, which took a
 * sixth of a large write, so it gets the document with variables of a type that takes every value. Introspection would
 * show that type; no mutation reaches it.
 */
export function mutationExecution(schema: GraphQLSchema): Execute {
  const config = schema.toConfig();
  const withCoerced = new GraphQLSchema({ ...config, types: [...config.types, COERCED], assumeValid: true });
  const documents = new WeakMap<DocumentNode, DocumentNode>();
  return ({ document, operationName, coercedVariables, context }) => {
    let retyped = documents.get(document);
    if (!retyped) documents.set(document, (retyped = retypeVariables(document)));
    return execute({
      schema: withCoerced,
      document: retyped,
      rootValue: {},
      contextValue: context,
      variableValues: coercedVariables,
      operationName,
    });
  };
}

function retypeVariables(document: DocumentNode): DocumentNode {
  return { ...document, definitions: document.definitions.map(retypeDefinition) };
}

/** A default is among the coerced values. */
function retypeDefinition(definition: DefinitionNode): DefinitionNode {
  if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
  const variableDefinitions = definition.variableDefinitions?.map(({ kind, variable }) => ({
    kind,
    variable,
    type: COERCED_NODE,
  }));
  return { ...definition, ...(variableDefinitions ? { variableDefinitions } : {}) };
}
