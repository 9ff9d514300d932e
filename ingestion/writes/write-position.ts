import type { Instant } from '../../values/instant.js';

/** How far the writes of a featurestore are, by their creation times: a place from which a client can go on. */
export interface WritePosition {
  /** Identifies the writes that the creation times belong to. Clients never see it. */
  readonly key: string;
  /** The latest creation time up to which every write has ended, also those that run now. */
  settled(): Instant;
  /** Writes become readable in the order of their creation times. Otherwise a later one may be readable first. */
  readonly isSerial: boolean;
  /** Microseconds by which the clocks of other gateways that write the same stores may differ. */
  readonly clockTolerance: bigint;
}
