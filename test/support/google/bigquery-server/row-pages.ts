import type { SqlValue } from '../googlesql/evaluator.js';
import { invalid } from './api-error.js';
import { toRest, type Field } from './schema.js';

/** A page of rows as REST has them, and where the next one begins; refuses parameters of the request that it does not know. */
export function paginateRows(
  rows: readonly (readonly SqlValue[])[],
  fields: readonly Field[],
  query: URLSearchParams,
  { parameters, maxBytes }: { readonly parameters: readonly string[]; readonly maxBytes: number },
): { readonly totalRows: string; readonly rows: object[]; readonly pageToken?: string } {
  for (const name of query.keys()) {
    if (!parameters.includes(name)) throw invalid(`Unknown query parameter "${name}"`);
  }
  const start = Number(query.get('pageToken') ?? query.get('startIndex') ?? 0);
  const most = Number(query.get('maxResults') ?? Infinity);
  const useInt64Timestamp = query.get('formatOptions.useInt64Timestamp') === 'true';
  const page: object[] = [];
  for (let bytes = 0; start + page.length < rows.length && page.length < most;) {
    const cells = rows[start + page.length]!;
    const row = { f: cells.map((cell, index) => ({ v: toRest(cell, fields[index]!, useInt64Timestamp) })) };
    bytes += JSON.stringify(row).length;
    if (bytes > maxBytes && page.length > 0) break;
    page.push(row);
  }
  const next = start + page.length;
  return { totalRows: String(rows.length), rows: page, ...(next < rows.length ? { pageToken: String(next) } : {}) };
}
