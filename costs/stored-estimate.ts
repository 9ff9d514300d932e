import { Decimal } from './decimal.js';
import type { CostEstimate } from './cost-estimate.js';
import type { CostLine } from './cost-line.js';
import type { StoredEstimate, StoredLine } from '../datasources/job-store/job-cost.js';
import { priceBookId, type PriceBooks } from './price-book.js';

export function toStoredEstimate({
  book,
  lines,
  total,
  assumptions,
  perPrediction,
  range,
}: CostEstimate): StoredEstimate {
  const { name, region, effectiveDate, source, currency } = book;
  return {
    book: { name, region, effectiveDate, source, currency },
    lines: lines.map((line) => ({
      ...line,
      quantity: line.quantity.toFixed(),
      unitPrice: line.unitPrice.toFixed(),
      amount: line.amount.toFixed(),
    })),
    total: total.toFixed(),
    assumptions,
    perPrediction: perPrediction?.toFixed() ?? null,
    range: range && { least: range.least.toFixed(), most: range.most.toFixed() },
  };
}

/**
 * The estimate as it was made, whatever the current prices. If its price book no longer exists, the estimate has the
 * book's name and date only; the prices are in the lines.
 */
export function fromStoredEstimate(kept: StoredEstimate, books: PriceBooks): CostEstimate {
  const id = priceBookId(kept.book);
  return {
    book: books.all.find((book) => priceBookId(book) === id) ?? { ...kept.book, meters: new Map() },
    lines: kept.lines.map(fromStoredLine),
    total: new Decimal(kept.total),
    assumptions: kept.assumptions,
    perPrediction: kept.perPrediction === null ? null : new Decimal(kept.perPrediction),
    range: kept.range && { least: new Decimal(kept.range.least), most: new Decimal(kept.range.most) },
  };
}

function fromStoredLine({ quantity, unitPrice, amount, ...names }: StoredLine): CostLine {
  return {
    ...names,
    quantity: new Decimal(quantity),
    unitPrice: new Decimal(unitPrice),
    amount: new Decimal(amount),
  };
}
