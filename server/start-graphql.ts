import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { LimitPolicy } from '../limits/limit-mode.js';
import { QUERY_LIMITS } from '../limits/query-limits.js';
import type { WorkInFlight } from '../limits/work-in-flight.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';
import { executionPlugin, type ServerContext } from './execution-plugin.js';
import type { Runtime } from './current-runtime.js';
import { errorFormatter, formattedErrorFormatter } from './format-error.js';
import { HotLane } from './hot-lane/hot-lane.js';
import { operationGuard } from './operation-guard.js';
import { operationReporter } from './report-operation.js';
import { reportPlugin } from './report-plugin.js';
import { NO_TRUSTED_DOCUMENTS, type TrustedDocuments } from './trusted-documents/trusted-documents.js';
import { validationRules } from './validation-rules.js';
import { answerWriter } from './write-answer.js';

export interface GraphqlOptions {
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
  /** Absent: there are none. */
  readonly trustedDocuments?: TrustedDocuments;
  /** For tests: whether every request goes through Apollo. */
  readonly isHotLaneOff?: boolean;
}

/** What answers the queries and mutations of a schema: Apollo, and the hot lane for what Apollo has answered before. */
export async function startGraphql(options: GraphqlOptions): Promise<Omit<Runtime, 'createContext'>> {
  const { schema, logger, maxQueryCost, limits, maxResponseBytes, isIntrospectionAllowed } = options;
  const formatError = errorFormatter(options);
  const report = operationReporter(options);
  const guard = operationGuard(schema, maxQueryCost, { limits, hidesSchema: !isIntrospectionAllowed });
  const hotLane = options.isHotLaneOff ? undefined : new HotLane({ ...options, formatError, report, guard });
  const apollo = new ApolloServer<ServerContext>({
    schema,
    logger,
    introspection: true,
    validationRules: [...validationRules(isIntrospectionAllowed)],
    hideSchemaDetailsFromClientErrors: !isIntrospectionAllowed,
    includeStacktraceInErrorResponses: false,
    formatError: formattedErrorFormatter(options),
    stringifyResult: answerWriter({ maxResponseBytes, formatError }),
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
      executionPlugin({ ...options, formatError, guard, hotLane }),
      reportPlugin(report),
    ],
  });
  await apollo.start();
  const { trustedDocuments = NO_TRUSTED_DOCUMENTS } = options;
  for (const { text, document } of trustedDocuments.documents) hotLane?.learnAll(text, document);
  const arrow = { ...options, formatError, report, guard };
  return { schema, apollo, hotLane, trustedDocuments, arrow };
}
