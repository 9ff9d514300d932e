/** The limits of the quarantine (docs/expectations.md). docs/limits.md has the table for users. */
export const QUARANTINE_LIMITS = {
  /** Bytes of all files. The oldest file is removed first: a producer of bad rows must not fill the disk. */
  maxBytes: 268_435_456,
  /** Bytes of one file: an erasure rewrites whole files, and what is removed is a small part. */
  segmentBytes: 16_777_216,
  /** Days that a row is kept: it can have values of people. */
  retentionDays: 30,
  /** Days that the rows of one file span, at most: files are removed as a whole. */
  segmentDays: 1,
  /** Between two looks for files that are too old, in milliseconds. */
  sweepMs: 3_600_000,
} as const;
