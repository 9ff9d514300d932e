import { Environment, Network, RecordSource, Store, type FetchFunction, type GraphQLResponse } from 'relay-runtime';

/** Relay's network layer: one POST for each operation. */
function fetchFrom(url: string): FetchFunction {
  return async ({ text }, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query: text, variables }),
    });
    return (await response.json()) as GraphQLResponse;
  };
}

export function createRelayEnvironment(url: string): Environment {
  return new Environment({
    network: Network.create(fetchFrom(url)),
    store: new Store(new RecordSource()),
  });
}
