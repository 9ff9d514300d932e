import type { GraphQLSchema } from 'graphql';
import type { Registry } from '../datasources/registry/registry.js';

/** A registry with the schema that is made from it. */
export interface PlannedRegistry {
  readonly registry: Registry;
  readonly schema: GraphQLSchema;
}
