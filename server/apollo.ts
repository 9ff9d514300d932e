import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { maskError } from '../errors/mask-error.js';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import type { Logger } from '../observability/logger.js';
import { requestScope } from '../observability/request-scope.js';
import type { RequestContext } from '../resolvers/context.js';
import { executionPlugin } from './execution-plugin.js';

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly logger: Logger;
  readonly maxQueryCost: number;
  readonly isIntrospectionAllowed: boolean;
  readonly plugins?: readonly ApolloServerPlugin<RequestContext>[];
}

export function createApolloServer(options: ApolloOptions): ApolloServer<RequestContext> {
  const { schema, logger, maxQueryCost, isIntrospectionAllowed } = options;
  const formatError = (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const masked = maskError(formatted, error, requestScope.getStore()?.requestId);
    if (masked.hidden !== undefined) logger.error({ err: masked.hidden, path: formatted.path }, 'a field failed');
    return masked.formatted;
  };
  return new ApolloServer<RequestContext>({
    schema,
    logger,
    introspection: isIntrospectionAllowed,
    hideSchemaDetailsFromClientErrors: !isIntrospectionAllowed,
    includeStacktraceInErrorResponses: false,
    formatError,
    // Automatic persisted queries are a cache that any client can write to.
    persistedQueries: false,
    csrfPrevention: true,
    // server/shutdown.ts stops it, after the requests in flight.
    stopOnTerminationSignals: false,
    parseOptions: { maxLexicalTokens: QUERY_LIMITS.maxTokens },
    maxRecursiveSelections: QUERY_LIMITS.maxRecursiveSelections,
    validationOptions: { maxErrors: QUERY_LIMITS.maxValidationErrors },
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      executionPlugin({ schema, maxQueryCost, formatError: (error) => formatError(error.toJSON(), error) }),
      ...(options.plugins ?? []),
    ],
  });
}
