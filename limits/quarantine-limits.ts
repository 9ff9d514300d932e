/** The limits of the quarantine (docs/expectations.md). docs/limits.md has the table for users. */
export const QUARANTINE_LIMITS = {
  /** Bytes of all files: a producer of bad rows must not fill the disk. */
  maxBytes: 268_435_456,
  /**
   * Senders, by entity type and principal, are divided into so many shares of the bytes. The greatest share loses its
   * oldest file first: a sender of many bad rows must not remove those of others.
   */
  shares: 32,
  /** Bytes of one file: an erasure rewrites whole files, and what is removed is a small part. */
  segmentBytes: 2_097_152,
  /** Days that a row is kept: it can have values of people. */
  retentionDays: 30,
  /** Days that the rows of one file span, at most: files are removed as a whole. */
  segmentDays: 1,
  /** Between two looks for files that are too old, in milliseconds. */
  sweepMs: 3_600_000,
} as const;
