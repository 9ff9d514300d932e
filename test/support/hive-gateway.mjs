import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';

/** JavaScript, because the types of Hive Gateway change those of graphql-js and of Node.js for the whole program. */
export function startHiveGateway(supergraph, onSent) {
  const router = createGatewayRuntime({
    supergraph,
    logging: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') }),
    },
    plugins: () => [{ onFetch: ({ url, options }) => onSent(url, options.body) }],
  });
  return {
    ask: async (query) => {
      const response = await router.fetch('http://router/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      return response.json();
    },
    close: () => router[Symbol.asyncDispose](),
  };
}
