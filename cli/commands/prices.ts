import { toErrorMessage } from '../../errors/error-message.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { costsConfig } from '../../config/costs-config.js';
import { loadConfig } from '../../config/load-config.js';
import { openGoogleCatalog } from '../../costs/catalog/google-catalog.js';
import type { PriceCatalog } from '../../costs/catalog/price-catalog.js';
import { makeRegionalPriceBook, refreshPriceBook, type PriceChange } from '../../costs/catalog/refresh-price-book.js';
import { formatPrice } from '../../costs/decimal.js';
import { loadPriceBooks, toPriceBooks } from '../../costs/files/load-price-books.js';
import { OperatorError } from '../../errors/operator-error.js';
import type { Clock } from '../../values/clock.js';
import { formatInstant } from '../../values/instant.js';
import { priceBooksTable, pricesTable, formatTable } from '../cost-tables.js';

export interface PricesCommandOptions {
  readonly write: (text: string) => void;
  readonly clock: Clock;
  readonly openCatalog?: () => Promise<PriceCatalog>;
}

/** `featuregraph prices ...`: lists the price books and makes newer editions of them. */
export function pricesCommand({ write, clock, openCatalog = openGoogleCatalog }: PricesCommandOptions): Command {
  const command = new Command('prices').description('List and update the price books of estimates.');

  command
    .command('list')
    .description('List the price books, or the prices of one.')
    .option('--book <name>', 'a price book by id or name')
    .action(async ({ book }: { book?: string }) => {
      const books = await readBooks();
      write(book === undefined ? priceBooksTable(books.all) : pricesTable(findBook(books, book)));
    });

  command
    .command('update')
    .description('Write a new edition of a price book with the prices of the Cloud Billing Catalog.')
    .option('--book <name>', 'a price book by id or name (default: FEATUREGRAPH_PRICE_BOOK)')
    .option('--folder <folder>', 'where the edition is written (default: FEATUREGRAPH_PRICE_BOOKS, if a folder)')
    .option(
      '--region <region>',
      'make a book for this region, of what the catalog sells there (default: that of the book)',
    )
    .action(async (options: { book?: string; folder?: string; region?: string }) => {
      await update({ ...options, date: formatInstant(clock()).slice(0, 10), write, openCatalog });
    });

  return command;
}

interface Update {
  readonly book?: string;
  readonly folder?: string;
  readonly region?: string;
  readonly date: string;
  readonly write: (text: string) => void;
  readonly openCatalog: () => Promise<PriceCatalog>;
}

async function update({ book: name, folder, region, date, write, openCatalog }: Update): Promise<void> {
  const { ownBooks, defaultBook } = costsConfig(loadConfig());
  const target = folder ?? (ownBooks?.endsWith('.json') ? null : ownBooks);
  if (target === null) {
    throw new OperatorError(
      'Where to? Give --folder, and set FEATUREGRAPH_PRICE_BOOKS to it for the gateway to use it.',
    );
  }
  const loaded = await loadPriceBooks(ownBooks);
  const book = findBook(toPriceBooks(loaded, defaultBook), name);
  const edition = loaded.find((candidate) => candidate.book === book)!;
  const catalog = await openCatalog();
  const isOther = region !== undefined && region !== book.region;
  const made = isOther
    ? makeRegionalPriceBook(edition.document, catalog, { date, region })
    : refreshPriceBook(edition.document, catalog, date);
  const { document, changes } = await made.finally(() => catalog.close());
  write(changesTable(changes, isOther ? 'left out' : 'kept'));
  if (changes.every(({ after }) => after === null)) {
    throw new OperatorError('No price was found in the Cloud Billing Catalog, so no edition was written.');
  }
  const path = join(target, `${document.name}-${date}.json`);
  await mkdir(target, { recursive: true });
  await writeFile(path, `${JSON.stringify(document, null, 2)}\n`);
  write(`${path} is written.\n`);
}

async function readBooks() {
  const { ownBooks, defaultBook } = costsConfig(loadConfig());
  return toPriceBooks(await loadPriceBooks(ownBooks), defaultBook);
}

function findBook(books: Awaited<ReturnType<typeof readBooks>>, name: string | undefined) {
  try {
    return books.find(name);
  } catch (cause) {
    throw new OperatorError(`--book: ${toErrorMessage(cause)}`, [], { cause });
  }
}

function changesTable(changes: readonly PriceChange[], otherwise: 'kept' | 'left out'): string {
  const table = formatTable(['meter', 'resource', 'before', 'after', ''], [2, 3]);
  for (const { meter, resource, before, after, reason } of changes) {
    const outcome = reason === null ? (after?.equals(before) ? 'the same' : 'new') : `${otherwise}: ${reason}`;
    table.push([meter, resource ?? 'any', formatPrice(before), after ? formatPrice(after) : '', outcome]);
  }
  return `${table.toString()}\n`;
}
