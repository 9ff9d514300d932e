import type { CostLine } from './cost-line.js';
import type { PricedUsage } from './price-usage.js';
import { sum, type Decimal } from './decimal.js';
import type { PriceBook } from './price-book.js';

/** What something will cost by a price book. Amounts are exact; whoever shows them rounds them (roundMoney). */
export interface CostEstimate {
  readonly book: PriceBook;
  readonly lines: readonly CostLine[];
  /** The sum of the lines. */
  readonly total: Decimal;
  /** What the figure rests on, for people: qualities of prices, what was taken for granted, what is left out. */
  readonly assumptions: readonly string[];
  /** null where nothing is predicted. */
  readonly perPrediction: Decimal | null;
  /** Where the use itself has a range (autoscaling): the least and the most it can be. null: it has none. */
  readonly range: CostRange | null;
}

export interface CostRange {
  readonly least: Decimal;
  readonly most: Decimal;
}

export interface EstimateParts {
  readonly uses: readonly PricedUsage[];
  readonly assumptions?: readonly string[];
  /** How many predictions the total is shared by. */
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
