/**
 * Automatic persisted queries are off. A request with only a hash is refused with PERSISTED_QUERY_NOT_SUPPORTED, and
 * its client then sends the query. Some clients send the hash again with it, and Apollo Server would refuse them again.
 * This code ignores the hash when the query is present.
 */
export function ignoreQueryHash(body: unknown): unknown {
  if (!isObject(body) || typeof body.query !== 'string' || !isObject(body.extensions)) return body;
  const { persistedQuery: _, ...extensions } = body.extensions;
  return { ...body, extensions };
}

/** The same for the query string of a GET request. */
export function ignoreQueryHashInUrl(search: string, parameters: URLSearchParams): string {
  if (!parameters.has('query') || !parameters.has('extensions')) return search;
  const rest = new URLSearchParams(parameters);
  rest.delete('extensions');
  return `?${rest.toString()}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
