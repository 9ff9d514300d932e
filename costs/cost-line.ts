import type { Decimal } from './decimal.js';

/** quantity x unitPrice = amount. */
export interface CostLine {
  readonly sku: string;
  readonly description: string;
  readonly quantity: Decimal;
  readonly unit: string;
  readonly unitPrice: Decimal;
  readonly amount: Decimal;
}
