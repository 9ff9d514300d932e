import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { LimitPolicy } from '../limits/limit-mode.js';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import type { WorkInFlight } from '../limits/work-in-flight.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';
import { closedIntrospection } from './closed-introspection.js';
import { errorLogPlugin } from './error-log-plugin.js';
import { executionPlugin, type ServerContext } from './execution-plugin.js';
import { errorFormatter, formattedErrorFormatter } from './format-error.js';
import { metricsPlugin } from './metrics-plugin.js';
import { oneOfVariables } from './one-of-variables.js';
import { stringLengths } from './string-lengths.js';
import { answerWriter } from './write-answer.js';

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly maxQueryCost: number;
  /** The largest answer, in bytes. */
  readonly maxResponseBytes: number;
  readonly isIntrospectionAllowed: boolean;
  readonly work: WorkInFlight;
  /** Absent: all limits are enforced. */
  readonly limits?: LimitPolicy;
  readonly plugins?: readonly ApolloServerPlugin<ServerContext>[];
}

export function createApolloServer(options: ApolloOptions): ApolloServer<ServerContext> {
  const { schema, logger, metrics, maxResponseBytes, isIntrospectionAllowed } = options;
  const formatError = errorFormatter(options);
  return new ApolloServer<ServerContext>({
    schema,
    logger,
    introspection: true,
    validationRules: [oneOfVariables, stringLengths, ...(isIntrospectionAllowed ? [] : [closedIntrospection])],
    hideSchemaDetailsFromClientErrors: !isIntrospectionAllowed,
    includeStacktraceInErrorResponses: false,
    formatError: formattedErrorFormatter(options),
    stringifyResult: answerWriter(maxResponseBytes, formatError),
    // Automatic persisted queries are a cache that any client can write to.
    persistedQueries: false,
    csrfPrevention: true,
    // server/shutdown.ts stops Apollo, after the running requests.
    stopOnTerminationSignals: false,
    parseOptions: { maxLexicalTokens: QUERY_LIMITS.maxTokens },
    maxRecursiveSelections: QUERY_LIMITS.maxRecursiveSelections,
    validationOptions: { maxErrors: QUERY_LIMITS.maxValidationErrors },
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      executionPlugin({ ...options, formatError }),
      metricsPlugin(metrics),
      errorLogPlugin(logger),
      ...(options.plugins ?? []),
    ],
  });
}
