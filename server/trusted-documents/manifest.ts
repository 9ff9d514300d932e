import { z } from 'zod';
import { OperatorError } from '../../errors/operator-error.js';
import { TRUSTED_DOCUMENT_LIMITS } from '../../limits/trusted-document-limits.js';
import { findIdFault } from './document-id.js';

/** A document that the operator trusts. */
export interface TrustedDocument {
  readonly id: string;
  readonly text: string;
}

/** The manifest of GraphQL Code Generator, Relay and urql: the texts by their ids. */
const textsById = z.record(z.string(), z.string());

/** The manifest of Apollo's generate-persisted-query-manifest. */
const apolloManifest = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string(), body: z.string() })),
});

/** Reads the text of a manifest. It reports all faults at once, each with the id of its document. */
export function parseManifest(text: string, path: string): readonly TrustedDocument[] {
  const documents = readDocuments(text, path);
  const { maxDocuments } = TRUSTED_DOCUMENT_LIMITS;
  if (documents.length > maxDocuments) {
    throw new OperatorError(
      `The trusted documents ${path} are ${documents.length} documents. A manifest may have ${maxDocuments}.`,
    );
  }
  const seen = new Set<string>();
  const faults = documents.flatMap(({ id, text: of }) => {
    const fault = seen.has(id) ? 'two documents have this id' : findIdFault(id, of);
    seen.add(id);
    return fault === undefined ? [] : [`"${id.slice(0, TRUSTED_DOCUMENT_LIMITS.maxIdLength)}": ${fault}`];
  });
  if (faults.length > 0) throw new OperatorError(`The trusted documents ${path} have faults:`, faults);
  return documents;
}

function readDocuments(text: string, path: string): TrustedDocument[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new OperatorError(`The trusted documents ${path} are not JSON.`, [], { cause });
  }
  const texts = textsById.safeParse(content);
  if (texts.success) return Object.entries(texts.data).map(([id, of]) => ({ id, text: of }));
  const apollo = apolloManifest.safeParse(content);
  if (apollo.success) return apollo.data.operations.map(({ id, body }) => ({ id, text: body }));
  throw new OperatorError(
    `The trusted documents ${path} are no manifest. It is a JSON object of texts by their ids, as GraphQL Code Generator writes it, or a manifest of Apollo, version 1 (docs/trusted-documents.md).`,
  );
}
