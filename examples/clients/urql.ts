import { cacheExchange, Client, fetchExchange } from '@urql/core';

/** urql as it is: it sends queries by GET. */
export function createUrqlClient(url: string): Client {
  return new Client({ url, exchanges: [cacheExchange, fetchExchange] });
}
