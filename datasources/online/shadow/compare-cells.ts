import type { FeatureCell } from '../../../values/feature-cell.js';
import { isEqualDouble, isSameValue } from '../../../values/same-value.js';

/**
 * How a value of one store differs from that of another. The first difference counts: status, then value, then time.
 */
export const COMPARISON_OUTCOMES = ['equal', 'status', 'value', 'timestamp'] as const;
export type ComparisonOutcome = (typeof COMPARISON_OUTCOMES)[number];

/**
 * Two DOUBLEs are equal when their difference is at most this share of the greater. A sum computed in another order
 * differs in its last digits, which is not an error of the migration. A billionth is a thousand times such a
 * difference, and far below what affects a model.
 */
export const DOUBLE_TOLERANCE = 1e-9;

export interface ComparisonRules {
  /** NULL and NOT_FOUND are equal for a store that cannot tell them apart (Vertex AI's legacy store). */
  readonly treatAbsentAsEqual: boolean;
}

/** Compares one feature of one entity. Compares times only where both stores return one. */
export function compareCells(
  a: FeatureCell,
  b: FeatureCell,
  { treatAbsentAsEqual: treatAbsentAsEqual }: ComparisonRules,
): ComparisonOutcome {
  if (isAbsent(a) && isAbsent(b)) return treatAbsentAsEqual || a.status === b.status ? 'equal' : 'status';
  if (a.status !== b.status) return 'status';
  if (a.value !== null && b.value !== null && !isSameValue(a.value, b.value, isSameDouble)) return 'value';
  return a.timestamp === null || b.timestamp === null || a.timestamp === b.timestamp ? 'equal' : 'timestamp';
}

function isAbsent({ status }: FeatureCell): boolean {
  return status === 'NULL' || status === 'NOT_FOUND';
}

/** NaN equals NaN; the infinities and the two zeros equal only themselves. */
function isSameDouble(a: number, b: number): boolean {
  if (isEqualDouble(a, b)) return true;
  return Number.isFinite(a - b) && Math.abs(a - b) <= DOUBLE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}
