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
 * Converts exact decimals to the numbers of GraphQL. This is the only rounding: money to nine decimal places, as in Google's
 * Money type, and everything else to a double.
 */

/** An estimate as a value of the schema. */
export function costEstimate({ book, lines, total, assumptions, perPrediction, range }: Estimate): CostEstimate {
  return {
    total: money(book, total),
    atLeast: range && money(book, range.least),
    atMost: range && money(book, range.most),
    lines: lines.map(costLine),
    assumptions,
    priceBook: priceBook(book),
    // A prediction can cost less than a billionth of a dollar: 12 significant digits stay.
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
    // A getter, because clients rarely read all prices of the book of an estimate.
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

/** The comparison is part of the root: mostPredictionsForRatio computes with its argument. */
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
