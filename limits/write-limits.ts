/** The limits of writes. Each limit names what it protects; docs/limits.md has the table for users. */
export const WRITE_LIMITS = {
  /** Rows of `writeFeatureValues`: all of them are in memory until they are durable. */
  maxRows: 10_000,
  /**
   * Violations that an answer of `writeFeatureValues` lists, also those of warnings: a row has up to ten, and the answer is
   * stored with the idempotency key. The first of each row is always among them.
   */
  maxListedViolations: 10_000,
  /** Entities of `deleteEntities`: each store deletes them while the client waits. */
  maxDeletedEntities: 1_000,
  /** Rows that the log may have before writers wait: a job that reads the history moves all of them to the offline store first. */
  maxLoggedRows: 100_000,
  /** Rows of one commit. A commit is one sync to disk; more rows would only delay those in it. */
  maxRowsPerCommit: 10_000,
  /** Requests that wait for a commit. */
  maxWaitingWrites: 10_000,
  /** Milliseconds that a writer waits for room in the log; then the client gets a retryable error. */
  maxWaitMs: 10_000,
  /** Rows that one transaction of the offline store takes from the log. */
  maxRowsPerDrain: 20_000,
  /** Future rows that one transaction brings into the online store. */
  maxRowsPerPromotion: 1_000,
  /** Future rows that the writer of stores without a log keeps in memory. */
  maxFutureRows: 100_000,
  /** Of each source, those that it reads from the offline store at its start. */
  maxResumedFutureRows: 10_000,
  /** Stored idempotency keys of writes; the oldest are deleted. */
  maxRememberedKeys: 100_000,
  /**
   * New idempotency keys of writes a day (UTC), of all gateways that share a table. Each is a row of about half a kibibyte for
   * two days: this is about 20 GiB. A principal's rate of requests limits it long before.
   */
  maxSharedKeysPerDay: 20_000_000,
  /** Years that an event time may be ahead: a later one is nearly always a wrong unit (milliseconds for seconds). */
  maxYearsAhead: 10,
  /** Written values of one event of a subscription. A follower has at most so many that it has not taken. */
  maxValuesPerEvent: 2_000,
  /** Their bytes, as they are stored: an event must stay far below STREAM_LIMITS.maxEventBytes. A row is never divided. */
  maxBytesPerEvent: 262_144,
  /** Rows of a source that one read of the history gives to a subscription that resumes. */
  maxRowsPerPage: 1_000,
  /** Reads of the history at once for subscriptions that resume: after a start, all of them do. */
  maxResumingReads: 4,
  /** Days for which a cursor can be used: the history may be as long as anyone likes. */
  maxCursorDays: 7,
  /** Subscriptions to written values. Each write visits those of its entity type. */
  maxFollowers: 10_000,
} as const;
