import Table from 'cli-table3';
import { formatMoney, formatPrice, type Decimal } from '../costs/decimal.js';
import type { CostEstimate } from '../costs/cost-estimate.js';
import { priceBookId, resolveUnitPrice, type PriceBook } from '../costs/price-book.js';
import type { ServingComparison } from '../costs/serving-comparison.js';

/** An estimate as text: a line for each price, the total, and the basis. The figures are those of the API. */
export function estimateTable({ book, lines, total, perPrediction, range, assumptions }: CostEstimate): string {
  const table = formatTable(['sku', 'what', 'quantity', 'unit', 'unit price', 'amount'], [2, 4, 5]);
  for (const { sku, description, quantity, unit, unitPrice, amount } of lines) {
    table.push([sku, description, figure(quantity), unit, formatPrice(unitPrice), formatMoney(amount)]);
  }
  table.push(['total', '', '', '', '', formatMoney(total)]);
  return [
    table.toString(),
    ...(perPrediction ? [`each prediction: $${perPrediction.toSignificantDigits(12).toFixed()}`] : []),
    ...(range ? [`at least ${formatMoney(range.least)}, at most ${formatMoney(range.most)}`] : []),
    `prices: ${priceBookId(book)}, ${book.region}`,
    ...assumptions.map((assumption) => `  - ${assumption}`),
    '',
  ].join('\n');
}

/**
 * Both ways to serve, and the break-even between them. `times`: also the volume up to which batch is that many times
 * cheaper.
 */
export function comparisonTable(comparison: ServingComparison, times: number | undefined): string {
  const { batch, online, cheaper, ratio, breakEvenPredictions, curve, mostPredictions } = comparison;
  const table = formatTable(['predictions', 'batch', 'online', 'cheaper'], [0, 1, 2]);
  for (const point of curve) {
    table.push([point.predictions.toFixed(), formatMoney(point.batch), formatMoney(point.online), point.cheaper]);
  }
  return [
    'batch',
    estimateTable(batch),
    'online',
    estimateTable(online),
    table.toString(),
    `cheaper for the number asked: ${cheaper}${ratio ? `, by ${ratio.toSignificantDigits(4).toFixed()} times` : ', which costs nothing'}`,
    volumes('batch costs no more than online', breakEvenPredictions),
    ...(times === undefined ? [] : [volumes(`batch is ${times} times cheaper`, mostPredictions(times))]),
    '',
  ].join('\n');
}

export function priceBooksTable(books: readonly PriceBook[]): string {
  const table = formatTable(['price book', 'region', 'from', 'source']);
  for (const book of books) table.push([priceBookId(book), book.region, book.effectiveDate, book.source]);
  return `${table.toString()}\n`;
}

export function pricesTable(book: PriceBook): string {
  const table = formatTable(['meter', 'resource', 'unit price', 'unit', 'quality', 'source'], [2]);
  for (const { name, unit, prices } of book.meters.values()) {
    for (const price of prices) {
      const { resource, quality, source } = price;
      table.push([name, resource ?? 'any', formatPrice(resolveUnitPrice(book, price)), unit, quality, source]);
    }
  }
  return `${table.toString()}\n`;
}

export function formatTable(head: string[], rightAligned: readonly number[] = []): Table.Table {
  return new Table({
    head,
    colAligns: head.map((_, column) => (rightAligned.includes(column) ? 'right' : 'left')),
    // Without colours: the text must be the same in a pipe, and it is as readable in a terminal.
    style: { head: [], border: [], compact: true },
  });
}

function volumes(what: string, most: Decimal | null): string {
  if (!most) return `${what} for any number of predictions`;
  return most.isZero() ? `${what} for no number of predictions` : `${what} for up to ${most.toFixed()} predictions`;
}

function figure(quantity: Decimal): string {
  return quantity.toSignificantDigits(10).toFixed();
}
