/** The limits of the log of served values (docs/served-log.md). */
export const SERVED_LOG_LIMITS = {
  /** Text that waits for the disk, in bytes. A read beyond that is served, and not logged. */
  maxWaitingBytes: 8_388_608,
  /** The longest line, in bytes: a value can have megabytes, and a line is read as a whole. */
  maxLineBytes: 1_048_576,
  /** What arrives in this time becomes one write. A process that is killed loses as much. */
  flushMs: 500,
  /** A stop waits this long for the disk. */
  closeMs: 5_000,
  /** A file has at most this share of all bytes, so that removing the oldest file removes little. */
  segmentShare: 16,
  /** And at most this many bytes: an erasure rewrites whole files. */
  maxSegmentBytes: 16_777_216,
  /** And the lines of at most this share of the retention. */
  segmentAgeShare: 24,
  /** Between two looks for files that are too old, at most. */
  maxSweepMs: 3_600_000,
  /** An erased id is remembered this long, in microseconds: no read takes as long (docs/limits.md, deadline of a request). */
  erasedMicros: 600_000_000n,
};
