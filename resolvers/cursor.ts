import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';

/**
 * Cursors are opaque to clients: what list they belong to and the key of the item they stand at. The list is part of it,
 * so that a cursor of one list is refused by another, instead of giving a page of nonsense.
 */
export function encodeCursor(list: string, key: string): string {
  return Buffer.from(JSON.stringify([list, key])).toString('base64url');
}

/** The key in a cursor of this list. `isKey` says what a key looks like: a cursor may be anything a client makes up. */
export function decodeCursor(list: string, cursor: string, isKey: (key: string) => boolean = () => true): string {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(decoded) && decoded[0] === list && typeof decoded[1] === 'string' && isKey(decoded[1])) {
      return decoded[1];
    }
  } catch {
    // Not ours: said below.
  }
  throw badInput('"after" is not a cursor of this list. Use a cursor of a previous page of the same list.', 'after');
}

/**
 * The size of a page. An explicit null counts as nothing said. Too many is refused and not cut: a client that asked for
 * 500 and got 100 would take them for all.
 */
export function pageSize(first: number | null | undefined, usual: number = REQUEST_LIMITS.defaultPageSize): number {
  const size = first ?? usual;
  const { maxPageSize } = REQUEST_LIMITS;
  if (size < 0 || size > maxPageSize) {
    throw badInput(`"first" must be from 0 to ${maxPageSize}, not ${size}. Read more items with "after".`, 'first');
  }
  return size;
}
