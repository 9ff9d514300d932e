import type { CostLine } from './cost-line.js';
import type { PricedUsage } from './price-usage.js';
import { sum, type Decimal } from './decimal.js';
import type { PriceBook } from './price-book.js';

/** The estimated cost by a price book. Amounts are exact; the code that shows them rounds them (roundMoney). */
export interface CostEstimate {
  readonly book: PriceBook;
  readonly lines: readonly CostLine[];
  /** The sum of the lines. */
  readonly total: Decimal;
  /** The basis of the estimate, for people: qualities of prices, assumptions and omissions. */
  readonly assumptions: readonly string[];
  /** null where nothing is predicted. */
  readonly perPrediction: Decimal | null;
  /** The minimum and maximum where usage itself has a range (autoscaling); null: no range. */
  readonly range: CostRange | null;
}

export interface CostRange {
  readonly least: Decimal;
  readonly most: Decimal;
}

export interface EstimateParts {
  readonly uses: readonly PricedUsage[];
  readonly assumptions?: readonly string[];
  /** The number of predictions that share the total. */
  readonly predictions?: Decimal | null;
  readonly range?: CostRange | null;
}

export function buildEstimate(
  book: PriceBook,
  { uses, assumptions = [], predictions, range }: EstimateParts,
): CostEstimate {
  const lines = uses.flatMap((use) => use.lines);
  const total = sumLines(uses);
  return {
    book,
    lines,
    total,
    assumptions: [...new Set([...assumptions, ...uses.flatMap((use) => use.assumptions)])],
    perPrediction: predictions && !predictions.isZero() ? total.dividedBy(predictions) : null,
    range: range && !range.least.equals(range.most) ? range : null,
  };
}

export function sumLines(uses: readonly PricedUsage[]): Decimal {
  return sum(uses.flatMap((use) => use.lines.map((line) => line.amount)));
}
