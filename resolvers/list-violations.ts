import { WRITE_LIMITS } from '../limits/write-limits.js';
import type { ExpectationViolation } from '../schema/write/expectation-violation.js';

/** The violations of an answer, by row: the first of each row, and of the others as many as the answer may have. */
export function listViolations(
  violations: readonly ExpectationViolation[],
  most: number = WRITE_LIMITS.maxListedViolations,
): ExpectationViolation[] {
  const sorted = violations.toSorted((a, b) => a.row - b.row);
  const isFirst = sorted.map(({ row }, index) => sorted[index - 1]?.row !== row);
  let others = most - isFirst.filter(Boolean).length;
  return sorted.filter((_, index) => isFirst[index]! || (others -= 1) >= 0);
}
