import { badInput } from '../errors/app-error.js';
import { EARLIEST_INSTANT, LATEST_INSTANT, type Instant } from './instant.js';

/** The nanoseconds of the units in which systems count time since 1970-01-01T00:00:00Z. */
const NANOS = {
  EPOCH_SECONDS: 1_000_000_000n,
  EPOCH_MILLIS: 1_000_000n,
  EPOCH_MICROS: 1_000n,
  EPOCH_NANOS: 1n,
} as const;
export type EpochUnit = keyof typeof NANOS;

export function isEpochUnit(format: string): format is EpochUnit {
  return Object.hasOwn(NANOS, format);
}

/** Refuses what is finer than a microsecond, and times outside the years 0001 to 9999. */
export function instantFromEpoch(count: bigint, unit: EpochUnit): Instant {
  const nanos = count * NANOS[unit];
  if (nanos % 1000n !== 0n) throw badInput(`${count} ns is finer than a microsecond, the finest time kept.`);
  const instant = nanos / 1000n;
  if (instant < EARLIEST_INSTANT || instant > LATEST_INSTANT) {
    throw badInput(`${count} as ${unit} is outside the years 0001 to 9999.`);
  }
  return instant;
}
