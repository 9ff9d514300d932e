import type { ErrorCode } from '../../errors/error-codes.js';
import type { Violation } from '../expectations/find-violations.js';

/**
 * What became of a line. WRITTEN: it is durable because of it. DUPLICATE: it was durable before. QUARANTINED: it is kept in
 * the quarantine, and not served.
 */
export type ReceiptStatus = 'WRITTEN' | 'DUPLICATE' | 'QUARANTINED' | 'REFUSED';

export interface Receipt {
  readonly line: number;
  readonly status: ReceiptStatus;
  readonly code?: ErrorCode;
  /** The part of the row at fault: `entityId`, `timestamp`, `values.orders_7d`. */
  readonly field?: string;
  readonly message?: string;
  /** The values that are not as the registry expects, of a line that is not refused. */
  readonly violations?: readonly ReceiptViolation[];
}

/** A violation; `field` names the value as in other receipts. */
export interface ReceiptViolation extends Pick<Violation, 'kind' | 'action' | 'message'> {
  readonly field: string;
}

export function toReceiptViolations(violations: readonly Violation[]): ReceiptViolation[] {
  return violations.map(({ feature, kind, action, message }) => ({
    field: `values.${feature}`,
    kind,
    action,
    message,
  }));
}

/** The lines of receipts. Most have no more than a number and a status, whose JSON needs no escapes. */
export function toReceiptLines(receipts: readonly Receipt[]): string {
  let lines = '';
  for (const receipt of receipts) {
    const { line, status } = receipt;
    const isPlain = status !== 'REFUSED' && receipt.violations === undefined;
    lines += isPlain ? `{"line":${line},"status":"${status}"}\n` : `${JSON.stringify(receipt)}\n`;
  }
  return lines;
}
