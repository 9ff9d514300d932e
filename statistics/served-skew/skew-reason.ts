import type { FeatureCell } from '../../values/feature-cell.js';
import { isEqualDouble, isSameValue } from '../../values/same-value.js';
import type { RawValue } from '../../values/value-type.js';
import type { SkewPair, SkewReason } from './skew-result.js';

/** What the history says about a pair today. */
export interface PairHistory {
  /** The fingerprint of the feature's definition. */
  readonly definition: string;
  /** The value as of the label's time. */
  readonly atLabel: FeatureCell;
  /** The value as of the read, from the rows that were written by then. null: rows have no creation times. */
  readonly asKnownAtRead: FeatureCell | null;
}

/** The likely reason why both sides of a pair differ. The first rule that holds decides. */
export function skewReason(
  { labelTime, trained, served }: SkewPair,
  { definition, atLabel, asKnownAtRead }: PairHistory,
): SkewReason {
  if (served.definition !== definition) return 'DEFINITION_CHANGED';
  if (!hasValue(trained.value, atLabel.value)) {
    // Only a ttl of the training set's own makes a value out of one that is too old here, or none of one that is not.
    if (trained.value === null || atLabel.status === 'EXPIRED') return 'EXPIRED';
    return 'HISTORY_CHANGED';
  }
  const trainedTime = trained.timestamp ?? atLabel.timestamp;
  const servedTime = served.timestamp;
  if (trainedTime !== null && trainedTime > served.readAt) return 'BECAME_TRUE_AFTER_READ';
  if (servedTime !== null && servedTime > labelTime) return 'SERVED_AFTER_LABEL';
  const isExpired = served.status === 'EXPIRED' || atLabel.status === 'EXPIRED';
  if (isExpired && trainedTime === servedTime) return 'EXPIRED';
  if (isOlder(trainedTime, servedTime) || atLabel.status === 'NOT_FOUND') return 'NOT_IN_HISTORY';
  // The online store gave what was known: a row that was written later makes the difference.
  const wasRight = asKnownAtRead && hasValue(served.status === 'EXPIRED' ? null : served.value, asKnownAtRead.value);
  if (wasRight === false) return 'ONLINE_STORE_BEHIND';
  const isSameRow = trainedTime === servedTime && served.status !== 'NOT_FOUND';
  return isSameRow ? 'CORRECTED' : 'LATE_ARRIVAL';
}

function hasValue(value: RawValue | null, other: RawValue | null): boolean {
  if (value === null || other === null) return value === other;
  return isSameValue(value, other, isEqualDouble);
}

function isOlder(trained: bigint | null, served: bigint | null): boolean {
  return served !== null && (trained === null || trained < served);
}
