import { AppError } from '../../errors/app-error.js';
import type { TrustedDocuments } from './trusted-documents.js';

/** The parameters of a request, as they came. */
export interface SentParameters {
  /** Absent for GET. */
  readonly body: unknown;
  readonly search: string;
  readonly parameters: URLSearchParams;
}

/** The same with the text of the trusted document, and its id if there is one. */
export interface NamedParameters extends SentParameters {
  readonly documentId: string | undefined;
}

/** From here on, a request that names a trusted document is one that has its text. */
export function namedInBody(trusted: TrustedDocuments, sent: SentParameters): NamedParameters {
  const { body } = sent;
  if (typeof body !== 'object' || body === null) return { ...sent, documentId: undefined };
  const found = trusted.find(body);
  if (!found) return { ...sent, documentId: undefined };
  const { documentId: _, ...rest } = body as Readonly<Record<string, unknown>>;
  return { ...sent, body: { ...rest, query: found.text }, documentId: found.id };
}

/** The same for the query string of a GET request. */
export function namedInUrl(trusted: TrustedDocuments, sent: SentParameters): NamedParameters {
  const { parameters } = sent;
  if (parameters.getAll('documentId').length > 1) throw new AppError('BAD_REQUEST', 'Send one "documentId".');
  const extensions = parameters.get('extensions');
  const found = trusted.find({
    query: parameters.get('query'),
    documentId: parameters.get('documentId'),
    extensions: extensions === null ? undefined : parseOrNothing(extensions),
  });
  if (!found) return { ...sent, documentId: undefined };
  if (parameters.get('query') === found.text) return { ...sent, documentId: found.id };
  const named = new URLSearchParams(parameters);
  named.delete('documentId');
  named.set('query', found.text);
  return { ...sent, parameters: named, search: `?${named.toString()}`, documentId: found.id };
}

/** Apollo refuses what is no JSON. */
function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
