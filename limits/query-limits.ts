/** The limits of a document. Each limit names what it protects; docs/limits.md has the table for users. */
export const QUERY_LIMITS = {
  /**
   * Tokens of a document. The lexer stops at this limit, so a long document costs little. The limit allows
   * `maxEntityIds` ids in the query text, which is the largest request; a client should send those as a variable.
   */
  maxTokens: 25_000,
  /**
   * Levels of brackets in a document, through the fragments it spreads, and in a variable. The queries of apps have ten
   * levels; thousands overflow the stack.
   */
  maxNesting: 100,
  /** Selections after all fragments are spread: a few fragments that spread each other grow exponentially. */
  maxRecursiveSelections: 10_000,
  /**
   * Validation stops after this number of errors: otherwise the response to a document with thousands of unknown fields
   * would have megabytes.
   */
  maxValidationErrors: 10,
  /**
   * Bytes of all documents that the hot lane knows, with their plans. An app has tens of documents, of some 100 kB each with
   * their plans.
   */
  maxKnownDocumentBytes: 67_108_864,
  /** The maximum nodes for which the cost of a query is computed. */
  maxCostNodes: 10_000,
} as const;
