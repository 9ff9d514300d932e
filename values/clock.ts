import type { Instant } from './instant.js';

/**
 * The current time. Callers pass a clock, so that a test can set the time and point-in-time code never reads the system
 * clock.
 */
export type Clock = () => Instant;

/** The machine's clock. Its resolution is a millisecond; the microsecond digits are zero. */
export const systemClock: Clock = () => BigInt(Date.now()) * 1000n;
