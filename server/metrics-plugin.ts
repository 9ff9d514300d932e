import type { ApolloServerPlugin, GraphQLRequestContext } from '@apollo/server';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { ServerContext } from './execution-plugin.js';

/** Measures every operation of all transports, also operations that are refused before they run. */
export function metricsPlugin(metrics: GatewayMetrics): ApolloServerPlugin<ServerContext> {
  return {
    requestDidStart: async () => {
      const start = performance.now();
      return {
        willSendResponse: async (context) => {
          const type = context.operation?.operation ?? 'none';
          const principal = context.contextValue.principal.kind;
          metrics.operation({ type, outcome: classifyOutcome(context), principal }, (performance.now() - start) / 1000);
        },
      };
    },
  };
}

/** A response without data failed as a whole: it was refused before any field ran, or a non-null field failed. */
function classifyOutcome({ response }: GraphQLRequestContext<ServerContext>): 'ok' | 'partial' | 'failed' {
  if (response.body?.kind !== 'single') return 'ok';
  const { data, errors } = response.body.singleResult;
  if (!errors) return 'ok';
  return data ? 'partial' : 'failed';
}
