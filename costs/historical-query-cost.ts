import type { Decimal } from './decimal.js';
import { priceUsage, type PricedUsage } from './price-usage.js';
import { buildEstimate, type CostEstimate } from './cost-estimate.js';
import { METERS } from './meters.js';
import type { PriceBook } from './price-book.js';
import { quantity } from './quantities.js';

export const BYTES_PER_TIB = 2 ** 40;

export interface HistoricalQuery {
  /** In all. */
  readonly bytes: bigint;
  /** With the minimum that a warehouse bills for each table and query; default: `bytes`. */
  readonly billedBytes?: bigint;
  /** How many times each source is scanned for them; default: once. */
  readonly scans?: number;
  /** Whether the result becomes a table of BigQuery; default: no. */
  readonly makesTable?: boolean;
}

/**
 * The cost of an offline store query by the bytes that are billed. BigQuery's bytes come from a dry run, those of an
 * embedded store from the sizes of the tables; the book of an embedded store has a price of zero.
 */
export function estimateHistoricalQuery(
  book: PriceBook,
  { bytes, billedBytes = bytes, scans = 1, makesTable = false }: HistoricalQuery,
): CostEstimate {
  const scanned = quantity('bytes', bytes);
  const billed = quantity('bytes', billedBytes);
  return buildEstimate(book, {
    uses: [priceScan(book, billed)],
    assumptions: [
      `The query scans ${scanned.toFixed()} bytes at most.`,
      ...(billed.greaterThan(scanned)
        ? [`${billed.toFixed()} bytes are billed at most: each query has a minimum for each table.`]
        : []),
      ...(scans > 1
        ? [`Each source is scanned ${scans} times: there are more labels than the store takes at once.`]
        : []),
      ...(makesTable
        ? [
            'The result is loaded into BigQuery, which is free. The storage of the table is not counted: how large it is is not known.',
          ]
        : []),
    ],
  });
}

/** The cost of queries that were billed: the minimum of each is in the bytes. */
export function priceBilledBytes(book: PriceBook, bytes: bigint): CostEstimate {
  return buildEstimate(book, { uses: [priceScan(book, quantity('bytes', bytes))] });
}

function priceScan(book: PriceBook, bytes: Decimal): PricedUsage {
  return priceUsage(book, {
    meter: METERS.offlineScan,
    resource: null,
    quantity: bytes.dividedBy(BYTES_PER_TIB),
    field: 'priceBook',
    isEssential: true,
  });
}
