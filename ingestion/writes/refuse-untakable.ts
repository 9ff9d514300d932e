import type { OnlineStore } from '../../datasources/online/online-store.js';
import type { Instant } from '../../values/instant.js';
import type { RowFault } from '../feature-writer.js';
import type { CheckedRow, CheckedRows } from './check-rows.js';

/**
 * Refuses the rows that the online store can never take. Call this before anything is written: the offline store would
 * have them, the store would fail all rows of the request, and a repetition would not help.
 */
export function refuseUntakable(checked: CheckedRows, online: OnlineStore, now: Instant): CheckedRows {
  const refused: RowFault[] = [];
  const taken = checked.rows.filter((row) => {
    const fault = findFault(row, online, now);
    if (fault) refused.push(fault);
    return !fault;
  });
  if (refused.length === 0) return checked;
  const numbers = new Set(refused.map(({ row }) => row));
  const warned = checked.warned.filter(({ row }) => !numbers.has(row));
  return { ...checked, rows: taken, faults: [...checked.faults, ...refused], warned };
}

function findFault({ row, parts }: CheckedRow, online: OnlineStore, now: Instant): RowFault | undefined {
  for (const part of parts) {
    const fault = online.findWriteFault?.(part, now);
    if (!fault) continue;
    const { feature, message } = fault;
    return {
      row,
      part: feature === null ? { kind: 'TIMESTAMP' } : { kind: 'VALUE', feature },
      code: 'BAD_USER_INPUT',
      message,
    };
  }
  return undefined;
}
