import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';

/**
 * A cursor has the name of its list and the key of its item. It is opaque to clients. Another list refuses it, because the
 * name differs.
 */
export function encodeCursor(list: string, key: string): string {
  return Buffer.from(JSON.stringify([list, key])).toString('base64url');
}

/** The key in a cursor of this list. `isKey` checks it, because a client can send any text as a cursor. */
export function decodeCursor(list: string, cursor: string, isKey: (key: string) => boolean = () => true): string {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(decoded) && decoded[0] === list && typeof decoded[1] === 'string' && isKey(decoded[1])) {
      return decoded[1];
    }
  } catch {
    // The text is no cursor: the error is below.
  }
  throw badInput('"after" is not a cursor of this list. Use a cursor of a previous page of the same list.', 'after');
}

/**
 * The size of a page. null means the default. A size above the limit is refused, not reduced: a client that asked for 500
 * items and got 100 would take them for all items.
 */
export function pageSize(first: number | null | undefined, usual: number = REQUEST_LIMITS.defaultPageSize): number {
  const size = first ?? usual;
  const { maxPageSize } = REQUEST_LIMITS;
  if (size < 0 || size > maxPageSize) {
    throw badInput(`"first" must be from 0 to ${maxPageSize}, not ${size}. Read more items with "after".`, 'first');
  }
  return size;
}
