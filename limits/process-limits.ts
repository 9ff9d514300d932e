/** The limits of concurrent work in this process, for all clients together. Each limit names what it protects. */
export const PROCESS_LIMITS = {
  /** Running jobs. Each may use all cores of the machine; the others wait. */
  maxRunningJobs: 2,
  /** Running previews and validations of training sets. Each may use all cores, and a thread of Node's pool, which has four. */
  maxRunningPreviews: 2,
  /**
   * Comparisons with a shadow store. The concurrency is enough for a busy gateway, and the timeout exceeds the deadline
   * of any store. At shutdown the wait is two seconds, because the whole stop must fit into the ten seconds that Cloud
   * Run allows (docs/google-cloud.md).
   */
  shadowReads: { maxConcurrent: 32, timeoutMs: 40_000, maxQueued: 10_000, drainTimeoutMs: 2_000 },
  /** The requests that run at the same time (work-in-flight.ts). A point of cost takes 3 to 10 µs, and some 500 bytes. */
  work: {
    /** A request up to this cost is small: it takes a few milliseconds, and never waits for large ones. */
    smallCost: 2_000,
    /** Small requests at once. Their reads of a store that does not answer would otherwise fill the memory. */
    maxSmall: 2_000,
    /** The points of all large requests at once: the largest permitted request, with some 500 MB. */
    maxCost: 1_000_000,
    /** Large requests that wait: each holds its connection and its variables. */
    maxWaiting: 200,
    /** Large requests of one owner that wait, so that one owner cannot take all places. */
    maxWaitingOfOwner: 50,
    /** Milliseconds that a large request waits for its turn. A client learns soon that it must come back later. */
    maxWaitMs: 10_000,
    /** Bytes of all answers that clients have not read yet. */
    maxUnreadBytes: 268_435_456,
  },
  /** Reads before /readyz answers (composition/warm-up.ts). More of them make the first requests no faster. */
  warmUp: { rounds: 400, newDocuments: 40, maxMs: 2_000 },
  /** The bodies of requests that are not parsed yet (arriving-bodies.ts). */
  bodies: {
    /** A body of this size has its turn of the event loop: about 2,000 ids, whose checks take a millisecond or two. */
    largeBytes: 16_384,
    /** All of them together: each is in memory while it arrives and while it waits for its turn. */
    maxBytes: 134_217_728,
    /** Those of one owner: some hundred requests of 10,000 ids. */
    maxBytesOfOwner: 33_554_432,
  },
  /** Training sets that clients read as streams: each has a connection of DuckDB and a file open for as long as its reader takes. */
  maxTrainingSetStreams: 16,
  /** Statistics that are kept for the next request of the same (statistics-cache.ts), and their bytes. A top value can be long. */
  keptStatistics: { max: 1_000, maxSize: 16_777_216, maxEntrySize: 1_048_576 },
  /** When the process refuses requests before they start (process-pressure.ts). Small reads of current values come last. */
  pressure: {
    measureEveryMs: 500,
    /** Milliseconds, the mean of each of two measures in a row. Long answers are made in turns of 10 ms, so a loop that is this late is overloaded. */
    maxLoopDelayOfLargeMs: 200,
    /** Small historical reads: they take DuckDB's threads, and a client waits longer for them. */
    maxLoopDelayOfHistoricalMs: 600,
    /** A client notices a second. Above it, even small reads would only wait. */
    maxLoopDelayMs: 1_000,
    /** Shares of the heap. Above them, garbage collection takes most of the time, and then the process ends. */
    maxHeapShareOfOthers: 0.8,
    maxHeapShare: 0.92,
  },
} as const;
