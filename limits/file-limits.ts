/** The most a file of a user may be. Each limit says what it guards; docs/files.md is the table for users. */
export const FILE_LIMITS = {
  /** Columns of a file. The embedded SQL engine plans a query of 20,000 columns for minutes; tables of features have hundreds. */
  maxColumns: 2_000,
  /** Brackets within each other in a value of JSON. Readers of JSON call themselves once a level, and 50,000 levels end the process. */
  maxJsonDepth: 64,
  /** Bytes of a line, or of a record of CSV over several lines. A quote that never closes would take the whole file as one field. */
  maxRecordBytes: 16 * 1024 * 1024,
  /** Files of a folder or of a pattern. Each is opened and its columns are compared. */
  maxFiles: 10_000,
  /** Folders within each other that are looked into. */
  maxFolderDepth: 32,
  /** Bytes that come out of a compressed file for one byte in it. Text compresses up to fifty times, a bomb a thousand times. */
  maxExpansion: 250,
  /** A compressed file may always expand to so many bytes: small ones compress better. */
  minExpandedBytes: 64 * 1024 * 1024,
  /** Bytes of memory of a process that reads files of clients. It is ended above that. */
  workerMemoryBytes: 2 * 1024 * 1024 * 1024,
  /** Processes that read files at once. Each may use a core and its memory. */
  maxWorkers: 2,
  /** Reads that wait for such a process; a further one is refused. */
  maxWaitingReads: 64,
  /** Milliseconds that reading a file may take, beside those for its size. */
  baseReadMs: 60_000,
  /** Bytes that must be read in a second. It is a tenth of what a slow machine reads. */
  minBytesPerSecond: 1024 * 1024,
} as const;
