/** The limits of the audit log (docs/audit.md). */
export const AUDIT_LIMITS = {
  /** Operations, accesses and entity ids that wait for the disk. A million ids are about 100 MB. */
  maxWaiting: 500_000,
  /** What arrives in this time becomes one write. A process that is killed loses as much. */
  flushMs: 200,
  /** Of one write, in the unit of maxWaiting: some megabytes. */
  batchWeight: 20_000,
  /** Between two attempts to write to a disk that fails. */
  retryMs: 1_000,
  /** A line of a read of 10,000 entities would have 250 kB. */
  maxIdsPerLine: 1_000,
  /**
   * Refusals of authentication in this time become one line, with a count for each of so many addresses. Any client can cause
   * refusals: their lines have less than 2 kB each 10 s, 15 MB a day.
   */
  refusalsMs: 10_000,
  maxRefusedAddresses: 20,
  /**
   * Operations that did not run, in the same time: one line, with a count for each principal and code. At most so many counts,
   * and so many of one principal: a line has at most 16 kB, 140 MB a day.
   */
  maxRefusedOperations: 50,
  maxRefusedOperationsOfPrincipal: 8,
  /** A stop waits this long for the disk. */
  closeMs: 5_000,
};
