import { GraphQLError, type ASTVisitor, type ValidationContext } from 'graphql';
import { AppError } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { longString } from '../limits/variables.js';

/** The validation rule for the strings that a document has in its text. Strings in variables are checked by variables.ts. */
export function stringLengths(context: ValidationContext): ASTVisitor {
  return {
    StringValue: (node) => {
      if (node.value.length <= REQUEST_LIMITS.maxStringLength) return;
      const originalError = new AppError('BAD_USER_INPUT', longString(node.value));
      context.reportError(new GraphQLError(originalError.message, { nodes: node, originalError }));
    },
  };
}
