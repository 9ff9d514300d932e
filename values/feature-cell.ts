import type { Instant } from './instant.js';
import type { RawValue } from './value-type.js';

/**
 * One feature of one entity at one moment, with its status. Online and offline reads use the same statuses:
 * PRESENT: the feature has a value. NULL: the entity is known and the feature has no value.
 * NOT_FOUND: nothing was known at that moment. EXPIRED: the value is older than its ttl and is not returned. DENIED: the
 * principal may not read the feature; nothing was read. No store gives it.
 */
export type CellStatus = 'PRESENT' | 'NULL' | 'NOT_FOUND' | 'EXPIRED' | 'DENIED';

export interface FeatureCell {
  readonly status: CellStatus;
  /** null unless PRESENT; also the value of an EXPIRED cell where a read includes it. */
  readonly value: RawValue | null;
  /** The event time of the value; null for NOT_FOUND and for static features, which are valid at all times. */
  readonly timestamp: Instant | null;
}

export const NOT_FOUND_CELL: FeatureCell = Object.freeze({ status: 'NOT_FOUND', value: null, timestamp: null });

export const DENIED_CELL: FeatureCell = Object.freeze({ status: 'DENIED', value: null, timestamp: null });

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
