import { badInput } from '../errors/app-error.js';
import type { Connection } from '../schema/connection.js';
import { pageSize, decodeCursor, encodeCursor } from './cursor.js';

export interface PageArguments {
  /** null or undefined: the default page size. */
  readonly first?: number | null | undefined;
  /** null or undefined: the first page. */
  readonly after?: string | null | undefined;
}

export interface ListOf<Item> {
  /** The name of the list in its cursors. Lists of different parents have different names. */
  readonly name: string;
  /** A key unique in the list. */
  readonly keyOf: (item: Item) => string;
}

/** A page of a list that is in memory. */
export function paginate<Item>(
  items: readonly Item[],
  { first, after }: PageArguments,
  { name, keyOf }: ListOf<Item>,
): Connection<Item> {
  const size = pageSize(first);
  const start = after === null || after === undefined ? 0 : positionAfter(items, decodeCursor(name, after), keyOf);
  const page = items.slice(start, start + size);
  return connection(page, (item) => encodeCursor(name, keyOf(item)), {
    hasNextPage: start + size < items.length,
    hasPreviousPage: start > 0,
  });
}

export function connection<Item>(
  page: readonly Item[],
  cursorOf: (item: Item) => string,
  has: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean },
): Connection<Item> {
  const edges = page.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    nodes: page,
    pageInfo: { ...has, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
  };
}

function positionAfter<Item>(items: readonly Item[], key: string, keyOf: (item: Item) => string): number {
  const position = items.findIndex((item) => keyOf(item) === key);
  if (position < 0)
    throw badInput('The item of "after" is no longer in the list. Read the list from the beginning.', 'after');
  return position + 1;
}
