import { parse, specifiedRules, validate, type DocumentNode, type GraphQLSchema, type ValidationRule } from 'graphql';
import { toErrorMessage } from '../../errors/error-message.js';
import { OperatorError } from '../../errors/operator-error.js';
import { checkDocumentNesting } from '../../limits/nesting.js';
import { QUERY_LIMITS } from '../../limits/query-limits.js';
import type { TrustedDocument } from './manifest.js';

/** A trusted document that is valid for a schema. */
export interface CheckedDocument extends TrustedDocument {
  readonly document: DocumentNode;
}

/**
 * Parses and validates documents as a request with them would be. It reports the faults of all documents at once, each
 * with the id of its document: their clients would fail later, one after the other.
 */
export function checkDocuments(
  documents: readonly TrustedDocument[],
  {
    schema,
    rules,
    path,
  }: { readonly schema: GraphQLSchema; readonly rules: readonly ValidationRule[]; readonly path: string },
): readonly CheckedDocument[] {
  const faults: string[] = [];
  const checked: CheckedDocument[] = [];
  for (const { id, text } of documents) {
    const add = (message: string): void => void faults.push(`"${id}": ${message}`);
    try {
      checkDocumentNesting(text);
      const document = parse(text, { maxTokens: QUERY_LIMITS.maxTokens });
      const errors = validate(schema, document, [...specifiedRules, ...rules], {
        maxErrors: QUERY_LIMITS.maxValidationErrors,
      });
      for (const { message } of errors) add(message);
      checked.push({ id, text, document });
    } catch (error) {
      add(toErrorMessage(error));
    }
  }
  if (faults.length === 0) return checked;
  throw new OperatorError(`The trusted documents ${path} are not valid for the schema:`, faults);
}
