import { AppError } from '../../errors/app-error.js';
import type { CheckedDocument } from './check-documents.js';
import { sha256Id } from './document-id.js';

/** What a request says about its document, as it came. */
export interface DocumentReference {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

/** The documents that the operator trusts, for one schema. */
export class TrustedDocuments {
  readonly #byId = new Map<string, CheckedDocument>();
  readonly #byText = new Map<string, CheckedDocument>();

  constructor(
    readonly documents: readonly CheckedDocument[],
    /** Whether no other document is answered. */
    private readonly isOnly: boolean,
  ) {
    for (const document of documents) {
      this.#byId.set(sha256Id(document.text), document);
      this.#byText.set(document.text, document);
    }
    // The ids of the manifest come last: its author chose them.
    for (const document of documents) this.#byId.set(document.id, document);
  }

  /**
   * The trusted document of a request: by its id, by the hash of Apollo's persisted queries, or because the request has
   * exactly its text. undefined: the request is answered or refused as it is.
   */
  find({ query, documentId, extensions }: DocumentReference): CheckedDocument | undefined {
    if (documentId !== undefined && documentId !== null) return this.#findById(documentId, query);
    // The protocol of WebSockets requires a query: it is empty beside the hash.
    if (typeof query === 'string' && query !== '') return this.#findByText(query);
    if (query !== undefined && query !== null && query !== '') return undefined;
    const hash = hashOf(extensions);
    if (hash === undefined) return undefined;
    const found = this.#byId.get(hash) ?? this.#byId.get(`sha256:${hash}`);
    // Otherwise the answer is that of a gateway without persisted queries: the client then sends the query.
    if (!found && this.isOnly) throw notFound();
    return found;
  }

  #findById(documentId: unknown, query: unknown): CheckedDocument {
    if (typeof documentId !== 'string') throw new AppError('BAD_REQUEST', '"documentId" is a string.');
    if (query !== undefined && query !== null && query !== '') {
      throw new AppError('BAD_REQUEST', 'Send "documentId" or "query", not both.');
    }
    const found = this.#byId.get(documentId);
    if (!found) throw notFound();
    return found;
  }

  #findByText(query: string): CheckedDocument | undefined {
    if (this.#byText.size === 0 && !this.isOnly) return undefined;
    const found = this.#byText.get(query);
    if (!found) this.checkOthers();
    return found;
  }

  /** Refuses what is not a trusted document, where only those are answered. */
  checkOthers(): void {
    if (!this.isOnly) return;
    throw new AppError(
      'DOCUMENT_NOT_TRUSTED',
      'This gateway answers only trusted documents, and this is none of them. Send a "documentId" of its manifest.',
    );
  }
}

/** Those of a gateway without a manifest. */
export const NO_TRUSTED_DOCUMENTS = new TrustedDocuments([], false);

function hashOf(extensions: unknown): string | undefined {
  if (typeof extensions !== 'object' || extensions === null) return undefined;
  const { persistedQuery } = extensions as { readonly persistedQuery?: unknown };
  if (typeof persistedQuery !== 'object' || persistedQuery === null) return undefined;
  const { sha256Hash } = persistedQuery as { readonly sha256Hash?: unknown };
  return typeof sha256Hash === 'string' ? sha256Hash : undefined;
}

function notFound(): AppError {
  return new AppError(
    'DOCUMENT_NOT_FOUND',
    'The gateway has no trusted document with this id. Add the document to its manifest, and apply the registry.',
  );
}
