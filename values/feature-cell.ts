import type { Instant } from './instant.js';
import type { RawValue } from './value-type.js';

/**
 * One feature of one entity at one moment, with what is known about it. The same words online and offline:
 * PRESENT: a value. NULL: known, and known to have no value. NOT_FOUND: nothing known at that moment.
 * EXPIRED: a value that is older than its ttl, so it is not given.
 */
export type CellStatus = 'PRESENT' | 'NULL' | 'NOT_FOUND' | 'EXPIRED';

export interface FeatureCell {
  readonly status: CellStatus;
  /** null unless PRESENT; of an EXPIRED cell the value where a read includes it. */
  readonly value: RawValue | null;
  /** When it became true; null for NOT_FOUND and for static features, which hold at all times. */
  readonly timestamp: Instant | null;
}

export const NOT_FOUND_CELL: FeatureCell = Object.freeze({ status: 'NOT_FOUND', value: null, timestamp: null });

/**
 * The cell of a stored value when read at `now`. A value exactly `ttl` microseconds old is still valid; the point-in-time
 * compiler applies the same rule in SQL, and the contract tests compare both.
 */
export function cellAt(
  value: RawValue | null,
  timestamp: Instant | null,
  ttl: bigint | null,
  now: Instant,
  includeExpired = false,
): FeatureCell {
  if (timestamp !== null && ttl !== null && now - timestamp > ttl) {
    return { status: 'EXPIRED', value: includeExpired ? value : null, timestamp };
  }
  return { status: value === null ? 'NULL' : 'PRESENT', value, timestamp };
}
