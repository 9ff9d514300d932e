/**
 * The most a document may be. Each limit says what it guards; docs/limits.md is the table for users.
 */
export const QUERY_LIMITS = {
  /**
   * Tokens of a document. The lexer stops there, so a long document costs little. Enough for `maxEntityIds` ids written
   * into the query, the largest request there is; a client should send those as a variable.
   */
  maxTokens: 25_000,
  /**
   * Levels of brackets in a document, through the fragments it spreads, and of a variable. The queries of apps have ten;
   * thousands overflow the stack.
   */
  maxNesting: 100,
  /** Selections after all fragments are spread: a few fragments that spread each other grow exponentially. */
  maxRecursiveSelections: 10_000,
  /** Validation stops after this many errors: a document of thousands of unknown fields would be answered with megabytes. */
  maxValidationErrors: 10,
  /** Nodes that the cost of a query is computed over. */
  maxCostNodes: 10_000,
} as const;
