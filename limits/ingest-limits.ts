/**
 * The limits of writing by HTTP and by messages. Each limit names what it protects; docs/limits.md has the table for
 * users.
 */
export const INGEST_LIMITS = {
  /** Bytes of a line of `POST /ingest`: the line is in memory as a whole. */
  maxLineBytes: 1_048_576,
  /** Rows of one write. More rows do not make a write cheaper, and all of them wait for it. */
  maxRowsPerWrite: 1_000,
  /** Requests to `POST /ingest` at once: each has up to a write of rows in memory. */
  maxConcurrentRequests: 32,
  /** Of them, those of one principal: a client that opens streams and leaves them open must not take all places. */
  maxConcurrentRequestsPerPrincipal: 24,
  /** Milliseconds that a request to `POST /ingest` may send nothing while the gateway waits for it. */
  idleBodyMs: 60_000,
  /** Levels of nesting of a message: deeper nesting overflows the stack of its reader. */
  maxNesting: 100,
} as const;

export type IngestLimits = { readonly [Name in keyof typeof INGEST_LIMITS]: number };
