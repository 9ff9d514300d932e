import type { ValidationRule } from 'graphql';
import { closedIntrospection } from './closed-introspection.js';
import { oneOfVariables } from './one-of-variables.js';
import { stringLengths } from './string-lengths.js';

/** The rules of a document beyond those of GraphQL. */
export function validationRules(isIntrospectionAllowed: boolean): readonly ValidationRule[] {
  return [oneOfVariables, stringLengths, ...(isIntrospectionAllowed ? [] : [closedIntrospection])];
}
