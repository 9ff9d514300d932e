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
