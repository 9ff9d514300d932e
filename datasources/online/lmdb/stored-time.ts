import { readInt64 } from '../../../runtime/write-bytes.js';
import type { Instant } from '../../../values/instant.js';
import { cellState, type CellState } from '../../../values/row-texts.js';
import { NULL_INT64 } from './row-layout.js';

/** The event time of stored values, with the states that a value of this time can have. */
export interface StoredTime {
  /** Microseconds, as the nearest number. Infinity: there is none, and the value never expires. */
  readonly micros: number;
  readonly present: CellState;
  readonly null: CellState;
  readonly expired: CellState;
}

function storedTime(instant: Instant | null): StoredTime {
  const present = cellState('PRESENT', instant);
  return {
    micros: instant === null ? Infinity : Number(instant),
    present,
    null: { ...present, status: 'NULL' },
    expired: { ...present, status: 'EXPIRED' },
  };
}

const NO_STORED_TIME = storedTime(null);

/** The time that was read last, with its halves: rows of one refresh share it, and to write it takes longer than to read a row. */
let last = NO_STORED_TIME;
let lastLow = 0;
let lastHigh = Number(NULL_INT64 >> 32n);

export function readTime(bytes: Buffer, at: number): StoredTime {
  const low = bytes.readUInt32LE(at);
  const high = bytes.readInt32LE(at + 4);
  if (low === lastLow && high === lastHigh) return last;
  const instant = readInt64(bytes, at);
  lastLow = low;
  lastHigh = high;
  last = instant === NULL_INT64 ? NO_STORED_TIME : storedTime(instant);
  return last;
}

/**
 * Whether numbers decide as bigints do which values are older than their ttl at `now`. A time that no number holds exactly
 * is before 1684 or after 2255, and a ttl has less than 286 years: from 1970 to 2255 its last digits decide nothing.
 */
export function isComparable(now: bigint): boolean {
  return now >= 0n && now <= BigInt(Number.MAX_SAFE_INTEGER);
}
