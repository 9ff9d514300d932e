import type { Instant } from './instant.js';

/** The time now. Passed in, so that a test can say what "now" is and point-in-time code never reads a clock itself. */
export type Clock = () => Instant;

/** The machine's clock. Its resolution is a millisecond; the microsecond digits are zero. */
export const systemClock: Clock = () => BigInt(Date.now()) * 1000n;
