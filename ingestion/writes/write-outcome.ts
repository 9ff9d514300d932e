import type { RowFault, WriteOutcome } from '../feature-writer.js';
import type { CheckedRows } from './check-rows.js';

/** The outcome of a write whose other rows are durable. `rejected` are the faults that a store found. */
export function toOutcome(
  { rows, faults, quarantined, warned }: CheckedRows,
  duplicateRows: readonly number[],
  rejected: readonly RowFault[] = [],
): WriteOutcome {
  const refused = new Set(rejected.map(({ row }) => row));
  const duplicates = duplicateRows.length;
  return {
    written: rows.length - duplicates - refused.size,
    duplicates,
    duplicateRows,
    faults: [...faults, ...rejected].sort((a, b) => a.row - b.row),
    quarantined,
    warned: refused.size === 0 ? warned : warned.filter(({ row }) => !refused.has(row)),
  };
}
