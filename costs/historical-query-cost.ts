import { priceUsage } from './price-usage.js';
import { buildEstimate, type CostEstimate } from './cost-estimate.js';
import { METERS } from './meters.js';
import type { PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

const BYTES_PER_TIB = 2 ** 40;

/**
 * The cost of an offline store query by the bytes that it scans. BigQuery's bytes come from a dry run, those of an
 * embedded store from the sizes of the tables; the book of an embedded store has a price of zero.
 */
export function estimateHistoricalQuery(book: PriceBook, bytes: bigint, scans = 1): CostEstimate {
  const scanned = quantity('bytes', bytes);
  const usage = {
    meter: METERS.offlineScan,
    resource: null,
    quantity: scanned.dividedBy(BYTES_PER_TIB),
    field: 'priceBook',
    isEssential: true,
  };
  return buildEstimate(book, {
    uses: [priceUsage(book, usage)],
    assumptions: [
      `The query scans ${scanned.toFixed()} bytes at most.`,
      ...(scans > 1
        ? [`Each source is scanned ${scans} times: there are more labels than the store takes at once.`]
        : []),
    ],
  });
}
