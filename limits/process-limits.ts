/**
 * The most that this process does at once for all clients together. Each limit says what it guards.
 */
export const PROCESS_LIMITS = {
  /** Jobs that run. Each may use all cores of the machine; the others wait. */
  maxRunningJobs: 2,
  /**
   * Comparisons with a shadow store: enough at once for a busy gateway, and more patience than the deadline of any store. At
   * the end two seconds: the whole of a stop has to fit into the ten that Cloud Run gives (docs/google-cloud.md).
   */
  shadowReads: { maxConcurrent: 32, timeoutMs: 40_000, maxQueued: 10_000, drainTimeoutMs: 2_000 },
} as const;
