import type { ErrorCode } from '../../errors/error-codes.js';

/** What became of a line. WRITTEN: it is durable because of it. DUPLICATE: it was durable before. */
export type ReceiptStatus = 'WRITTEN' | 'DUPLICATE' | 'REFUSED';

export interface Receipt {
  readonly line: number;
  readonly status: ReceiptStatus;
  readonly code?: ErrorCode;
  /** The part of the row at fault: `entityId`, `timestamp`, `values.orders_7d`. */
  readonly field?: string;
  readonly message?: string;
}

/** The lines of receipts. Most have no more than a number and a status, whose JSON needs no escapes. */
export function toReceiptLines(receipts: readonly Receipt[]): string {
  let lines = '';
  for (const receipt of receipts) {
    const { line, status } = receipt;
    lines += status === 'REFUSED' ? `${JSON.stringify(receipt)}\n` : `{"line":${line},"status":"${status}"}\n`;
  }
  return lines;
}
