/** The limits of concurrent work in this process, for all clients together. Each limit names what it protects. */
export const PROCESS_LIMITS = {
  /** Running jobs. Each may use all cores of the machine; the others wait. */
  maxRunningJobs: 2,
  /**
   * Comparisons with a shadow store. The concurrency is enough for a busy gateway, and the timeout exceeds the deadline
   * of any store. At shutdown the wait is two seconds, because the whole stop must fit into the ten seconds that Cloud
   * Run allows (docs/google-cloud.md).
   */
  shadowReads: { maxConcurrent: 32, timeoutMs: 40_000, maxQueued: 10_000, drainTimeoutMs: 2_000 },
} as const;
