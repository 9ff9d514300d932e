import { randomUUID } from 'node:crypto';
import { loadPriceBooks, toPriceBooks } from '../../costs/files/load-price-books.js';
import { priceBookDocument, toPriceBook } from '../../costs/price-book-document.js';
import { openCosts, type OpenCostsOptions } from '../../composition/open-costs.js';
import type { PriceBook, PriceBooks } from '../../costs/price-book.js';

/** The price books that come with featuregraph. */
export async function publishedBooks(): Promise<PriceBooks> {
  return toPriceBooks(await loadPriceBooks(null), 'google-us-central1');
}

/** Costs over a folder of the test's own; the test that opens them closes them. */
export function openTestCosts(options: Partial<OpenCostsOptions> & { readonly folder: string }) {
  return openCosts({
    ownBooks: null,
    defaultBook: 'google-us-central1',
    dailyBudgets: new Map(),
    clock: () => 0n,
    newId: randomUUID,
    ...options,
  });
}

/** A book of one price a meter: `{ 'machine-hour': '0.5' }`, or of prices by resource: `{ 'machine-hour': { a: '1' } }`. */
export function createPriceBook(
  meters: Readonly<Record<string, string | Readonly<Record<string, string>>>>,
  more: { startupMinutes?: string; minimum?: string } = {},
): PriceBook {
  const price = (resource: string | null, unitPrice: string) => ({
    resource,
    sku: `sku-${resource ?? 'any'}`,
    unitPrice,
    quality: 'assumed',
    source: 'A test',
  });
  return toPriceBook(
    priceBookDocument.parse({
      name: 'test',
      region: 'here',
      effectiveDate: '2026-01-01',
      source: 'A test',
      currency: 'USD',
      meters: Object.fromEntries(
        Object.entries(meters).map(([name, prices]) => [
          name,
          {
            unit: 'unit',
            description: name,
            startupMinutes: more.startupMinutes
              ? { minutes: more.startupMinutes, quality: 'assumed', source: 'A test' }
              : null,
            minimum: more.minimum ?? null,
            prices:
              typeof prices === 'string'
                ? [price(null, prices)]
                : Object.entries(prices).map(([resource, unitPrice]) => price(resource, unitPrice)),
          },
        ]),
      ),
    }),
  );
}
