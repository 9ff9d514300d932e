/** The limits of the events of OpenLineage (docs/lineage.md). */
export const LINEAGE_LIMITS = {
  /** Events that wait for their server, on disk: a server that is away for a day must not fill the disk. */
  maxWaitingEvents: 10_000,
  /** Bytes of the same events. One has a few kilobytes, but each column of a wide table has a place in it. */
  maxWaitingBytes: 268_435_456,
  /** The longest event, in bytes. A longer one is sent without the facets that name columns; servers refuse large bodies. */
  maxEventBytes: 1_048_576,
  /** Jobs whose events are being made, in memory. */
  maxUnwritten: 1_000,
  /** The time for the server to answer. */
  deadlineMs: 10_000,
  /** The pause after a failed attempt; each further one is twice as long, up to `maxPauseMs`. */
  firstPauseMs: 1_000,
  maxPauseMs: 60_000,
  /** A stop waits this long for events to be sent. The next start sends the others. */
  closeMs: 2_000,
};
