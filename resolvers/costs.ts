import { roundMoney, type Decimal } from '../costs/decimal.js';
import type { CostEstimate as Estimate } from '../costs/cost-estimate.js';
import type { CostLine as Line } from '../costs/cost-line.js';
import {
  priceBookId,
  resolveUnitPrice,
  type Meter,
  type Price as BookPrice,
  type PriceBook as Book,
} from '../costs/price-book.js';
import type { ServingComparison as Comparison } from '../costs/serving-comparison.js';
import type { CostEstimate, CostLine, Money } from '../schema/cost/cost-estimate.js';
import type { Price, PriceBook } from '../schema/cost/price-book.js';
import type { ServingComparison } from '../schema/cost/serving-comparison.js';

/*
 * Where exact amounts become the numbers of GraphQL, rounded for the first and last time: money to a billionth, as
 * Google's own money is, everything else to what a double holds.
 */

/** An estimate as the schema shows it; also for a job's estimatedCost. */
export function costEstimate({ book, lines, total, assumptions, perPrediction, range }: Estimate): CostEstimate {
  return {
    total: money(book, total),
    atLeast: range && money(book, range.least),
    atMost: range && money(book, range.most),
    lines: lines.map(costLine),
    assumptions,
    priceBook: priceBook(book),
    // A prediction can cost less than a billionth; digits that say something are kept.
    perPrediction: perPrediction && {
      currency: book.currency,
      amount: perPrediction.toSignificantDigits(12).toNumber(),
    },
  };
}

export function money({ currency }: Book, amount: Decimal): Money {
  return { currency, amount: roundMoney(amount).toNumber() };
}

function costLine({ quantity, unitPrice, amount, ...names }: Line): CostLine {
  return {
    ...names,
    quantity: quantity.toNumber(),
    unitPrice: unitPrice.toNumber(),
    amount: roundMoney(amount).toNumber(),
  };
}

export function priceBook(book: Book): PriceBook {
  const { name, region, effectiveDate, source } = book;
  return {
    kind: 'priceBook',
    id: priceBookId(book),
    name,
    region,
    effectiveDate,
    source,
    // Made when asked for: an estimate rarely is asked for all figures of its book.
    get prices() {
      return [...book.meters.values()].flatMap((meter) => meter.prices.map((price) => priceRow(book, meter, price)));
    },
  };
}

function priceRow(book: Book, meter: Meter, price: BookPrice): Price {
  return {
    meter: meter.name,
    resource: price.resource,
    unit: meter.unit,
    unitPrice: resolveUnitPrice(book, price).toNumber(),
    quality: price.quality,
    source: price.source,
    note: price.note ?? meter.note,
  };
}

/** The comparison itself goes along: how many predictions a ratio allows is asked with an argument. */
export type ComparisonRoot = Omit<ServingComparison, 'ratio' | 'mostPredictionsForRatio'> & {
  readonly comparison: Comparison;
};

export function servingComparison(comparison: Comparison): ComparisonRoot {
  const { batch, online, cheaper, breakEvenPredictions, curve } = comparison;
  return {
    batch: costEstimate(batch),
    online: costEstimate(online),
    cheaper,
    breakEvenPredictions: breakEvenPredictions?.toNumber() ?? null,
    curve: curve.map((point) => ({
      predictions: BigInt(point.predictions.toFixed(0)),
      batch: money(batch.book, point.batch),
      online: money(batch.book, point.online),
      cheaper: point.cheaper,
    })),
    comparison,
  };
}
