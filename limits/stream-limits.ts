/**
 * The most a connection with events may be. Each limit says what it guards; docs/limits.md is the table for users.
 */
export const STREAM_LIMITS = {
  /** Subscriptions of one WebSocket at a time: a page shows tens of jobs; thousands are a client that forgets to end them. */
  maxSubscriptions: 100,
  /**
   * Bytes of answers waiting in this process for a socket to take them. Events cannot get there: the next one is made only
   * when the one before has left. What can is answers to a flood of small messages from a client that does not read.
   */
  maxBufferedBytes: 1_048_576,
  /** Milliseconds for a socket to say connection_init: one that says nothing must not hold a place. */
  connectionInitTimeoutMs: 3_000,
  /**
   * Milliseconds between signs of life. A socket that has not answered the last ping by the next is cut off, also one whose
   * reader is stuck; proxies keep a connection open that is never silent for so long.
   */
  keepAliveMs: 12_000,
  /** Milliseconds an event stream may wait for its reader to take what was written. */
  stalledReaderMs: 60_000,
} as const;

export type StreamLimits = { readonly [Name in keyof typeof STREAM_LIMITS]: number };
