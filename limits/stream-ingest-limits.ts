/** The limits of a stream of messages. Each limit names what it protects; docs/limits.md has the table for users. */
export const MESSAGE_LIMITS = {
  /** Messages of one write. */
  maxBatchMessages: 500,
  /** Bytes of the messages of one write. */
  maxBatchBytes: 4_194_304,
  /** Milliseconds that a message waits for others: it adds to the delay from event to reader. */
  lingerMs: 20,
  /** Writes at once of a stream without order. An ordered stream has one. */
  maxConcurrentWrites: 4,
  /** Messages of a stream that wait in this process. */
  maxWaitingMessages: 2_000,
  /** Bytes of them. */
  maxWaitingBytes: 33_554_432,
  /** The pauses between attempts when a store or the broker fails; they double from the first to the last. */
  firstRetryMs: 250,
  lastRetryMs: 30_000,
  /** Milliseconds that a stop waits for the writes that run. Their messages are otherwise delivered again. */
  drainMs: 5_000,
} as const;

export type MessageLimits = { readonly [Name in keyof typeof MESSAGE_LIMITS]: number };
