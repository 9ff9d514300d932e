import { toErrorMessage } from '../../errors/error-message.js';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { OperatorError } from '../../errors/operator-error.js';
import { priceBookId, PriceBooks, type PriceBook } from '../price-book.js';
import { PUBLISHED_BOOKS } from './published-books.js';
import { findFaults, priceBookDocument, toPriceBook, type PriceBookDocument } from '../price-book-document.js';

export interface LoadedPriceBook {
  readonly book: PriceBook;
  /** The price book as written, from which the next edition is made. */
  readonly document: PriceBookDocument;
}

/**
 * The published price books and the operator's own: a file, or a folder of .json files; null for none. Reports all
 * faults of all books at once. An own book replaces a published one with the same name and date.
 */
export async function loadPriceBooks(ownPath: string | null): Promise<LoadedPriceBook[]> {
  const published = PUBLISHED_BOOKS.map((json) => parseBook('published', json));
  const own = ownPath === null ? [] : await Promise.all((await listBookFiles(ownPath)).map(readBook));
  const read = [...published, ...own];
  const faults = read.flatMap((result) => ('faults' in result ? result.faults : []));
  if (faults.length > 0) throw new OperatorError('The price books are not right:', faults);
  const books = read.flatMap((result) => ('book' in result ? [result] : []));
  return [...new Map(books.map((loaded) => [priceBookId(loaded.book), loaded])).values()];
}

/** The books with the default one; this checks that the default exists. */
export function toPriceBooks(loaded: readonly LoadedPriceBook[], defaultName: string): PriceBooks {
  const books = new PriceBooks(
    loaded.map(({ book }) => book),
    defaultName,
  );
  try {
    books.find(null);
  } catch (cause) {
    throw new OperatorError(`${toErrorMessage(cause)} FEATUREGRAPH_PRICE_BOOK names it.`, [], { cause });
  }
  return books;
}

async function listBookFiles(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = await readdir(path);
    return names
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      .map((name) => join(path, name));
  } catch (cause) {
    throw new OperatorError(`The price books ${path} cannot be read. FEATUREGRAPH_PRICE_BOOKS names them.`, [], {
      cause,
    });
  }
}

async function readBook(path: string): Promise<LoadedPriceBook | { faults: string[] }> {
  const text = await readFile(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { faults: [`${path}: ${toErrorMessage(error)}`] };
  }
  return parseBook(path, json);
}

function parseBook(path: string, json: unknown): LoadedPriceBook | { faults: string[] } {
  const parsed = priceBookDocument.safeParse(json);
  if (!parsed.success) {
    return { faults: parsed.error.issues.flatMap(describeIssue).map((fault) => `${path}: ${fault}`) };
  }
  const faults = findFaults(parsed.data);
  if (faults.length > 0) return { faults: faults.map((fault) => `${path}: ${fault}`) };
  return { book: toPriceBook(parsed.data), document: json as PriceBookDocument };
}

/** A price has one of two shapes; this returns the faults of the closer shape. */
function describeIssue(issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'invalid_union') return [`${issue.path.join('.')}: ${issue.message}`];
  const [nearest = []] = issue.errors.toSorted((one, other) => one.length - other.length);
  return nearest.flatMap((inner) => describeIssue({ ...inner, path: [...issue.path, ...inner.path] }));
}
