import { priceUsage } from './price-usage.js';
import { buildEstimate, type CostEstimate } from './cost-estimate.js';
import { METERS } from './meters.js';
import type { PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

const BYTES_PER_TIB = 2 ** 40;

/**
 * A query of the offline store by the bytes it scans: of a dry run for BigQuery, of the tables' sizes for an embedded
 * store, whose book prices them at nothing.
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
