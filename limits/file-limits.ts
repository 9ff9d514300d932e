/** The limits of a user's file. Each limit names what it protects; docs/files.md has the table for users. */
export const FILE_LIMITS = {
  /**
   * Columns of a file. The embedded SQL engine takes minutes to plan a query of 20,000 columns; tables of features have
   * hundreds.
   */
  maxColumns: 2_000,
  /** Nested brackets in a JSON value. JSON readers recurse once per level, and 50,000 levels end the process. */
  maxJsonDepth: 64,
  /**
   * Bytes of a line, or of a CSV record over several lines. Without a limit, an unclosed quote would read the whole
   * file as one field.
   */
  maxRecordBytes: 16 * 1024 * 1024,
  /** Files of a folder or of a pattern. The gateway opens each and compares its columns. */
  maxFiles: 10_000,
  /** Characters of a path or pattern of a client. Each name in the folder for files is compared with a pattern. */
  maxPathLength: 1_000,
  /** The depth of nested folders that the gateway reads. */
  maxFolderDepth: 32,
  /**
   * Bytes that a compressed file yields per compressed byte. Text compresses up to fifty times, a decompression bomb a
   * thousand times.
   */
  maxExpansion: 250,
  /** Every compressed file may expand to this size, because small files compress better. */
  minExpandedBytes: 64 * 1024 * 1024,
  /**
   * Bytes that a gateway copies from Cloud Storage at once: a file of labels, the files of an input, the files of results.
   * Its own disk, which in a container has a few tens of GiB, holds the copy while it is read.
   */
  maxSharedFileBytes: 10 * 1024 * 1024 * 1024,
  /** Bytes of memory of a process that reads clients' files. The gateway ends a process that exceeds this. */
  workerMemoryBytes: 2 * 1024 * 1024 * 1024,
  /** Processes that read files at the same time. Each may use a core and its memory limit. */
  maxWorkers: 2,
  /** Reads that wait for such a process; the gateway refuses further reads. */
  maxWaitingReads: 64,
  /** Milliseconds to read a file, in addition to the time for its size. */
  baseReadMs: 60_000,
  /** Bytes that a read must process per second. A slow machine reads ten times as fast. */
  minBytesPerSecond: 1024 * 1024,
} as const;
