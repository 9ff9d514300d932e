import { refuse } from './refusal.js';

/** One page of a list, as the API gives it: the token is the server's, and a page is never over its limit. */
export function paginate<Item>(
  items: readonly Item[],
  request: { readonly pageSize: number; readonly pageToken: string },
  limit: number,
): { readonly items: Item[]; readonly nextPageToken: string } {
  if (request.pageSize < 0) refuse('INVALID_ARGUMENT', 'Field: page_size; Message: negative');
  const size = Math.min(request.pageSize || limit, limit);
  const start = request.pageToken === '' ? 0 : Number(/^page-(\d+)$/.exec(request.pageToken)?.[1] ?? NaN);
  if (Number.isNaN(start)) refuse('INVALID_ARGUMENT', 'Field: page_token; Message: not a token of this server');
  const end = start + size;
  return { items: items.slice(start, end), nextPageToken: end < items.length ? `page-${end}` : '' };
}
