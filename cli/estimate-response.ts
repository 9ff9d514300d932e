import { Decimal, formatMoney } from '../costs/decimal.js';

/** The fields of a gateway's CostEstimate that the command line prints. */
export const ESTIMATE_FIELDS = 'total { amount } assumptions priceBook { id }';

export interface EstimateResponse {
  readonly total: { readonly amount: number };
  readonly assumptions: readonly string[];
  readonly priceBook: { readonly id: string };
}

export function estimateText({ total, assumptions, priceBook }: EstimateResponse): string {
  return [
    `estimated: ${formatMoney(new Decimal(total.amount))} by ${priceBook.id}`,
    ...assumptions.map((assumption) => `  - ${assumption}`),
    '',
  ].join('\n');
}
