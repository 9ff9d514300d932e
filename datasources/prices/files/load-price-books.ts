import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { OperatorError } from '../../../errors/operator-error.js';
import { priceBookId, PriceBooks, type PriceBook } from '../price-book.js';
import { findFaults, priceBookDocument, toPriceBook, type PriceBookDocument } from './price-book-document.js';

export interface PriceBookFile {
  readonly path: string;
  readonly book: PriceBook;
  /** As it is written, for whoever writes the next one. */
  readonly document: PriceBookDocument;
}

/**
 * Reads price books: each path is a file, or a folder of .json files. All faults of all books are reported at once. The
 * operator's books come after the published ones; one of the same name and date takes the place of the one before.
 */
export async function loadPriceBooks(paths: readonly string[]): Promise<PriceBookFile[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  const read = await Promise.all(files.map(readBook));
  const faults = read.flatMap((result) => ('faults' in result ? result.faults : []));
  if (faults.length > 0) throw new OperatorError('The price books are not right:', faults);
  const books = read.flatMap((result) => ('book' in result ? [result] : []));
  return [...new Map(books.map((file) => [priceBookId(file.book), file])).values()];
}

/** The books, with the one that is used unless another is named; that there is one is checked here. */
export function priceBooksOf(files: readonly PriceBookFile[], defaultName: string): PriceBooks {
  const books = new PriceBooks(
    files.map(({ book }) => book),
    defaultName,
  );
  try {
    books.find(null);
  } catch (cause) {
    throw new OperatorError(`${(cause as Error).message} FEATUREGRAPH_PRICE_BOOK names it.`, [], { cause });
  }
  return books;
}

async function filesOf(path: string): Promise<string[]> {
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

async function readBook(path: string): Promise<PriceBookFile | { faults: string[] }> {
  const text = await readFile(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { faults: [`${path}: ${(error as Error).message}`] };
  }
  const parsed = priceBookDocument.safeParse(json);
  if (!parsed.success) {
    return { faults: parsed.error.issues.flatMap(describeIssue).map((fault) => `${path}: ${fault}`) };
  }
  const faults = findFaults(parsed.data);
  if (faults.length > 0) return { faults: faults.map((fault) => `${path}: ${fault}`) };
  return { path, book: toPriceBook(parsed.data), document: json as PriceBookDocument };
}

/** Of a price, which is one of two shapes, the faults of the shape that it comes nearer to. */
function describeIssue(issue: z.core.$ZodIssue): string[] {
  if (issue.code !== 'invalid_union') return [`${issue.path.join('.')}: ${issue.message}`];
  const [nearest = []] = issue.errors.toSorted((one, other) => one.length - other.length);
  return nearest.flatMap((inner) => describeIssue({ ...inner, path: [...issue.path, ...inner.path] }));
}
