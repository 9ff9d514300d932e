import { NO_AUDIT_TRAIL } from '../../auth/audit/audit-trail.js';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Registry as MetricsRegistry } from 'prom-client';
import { buildSchema, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { OPEN_AUTHENTICATOR, type Authenticator } from '../../auth/authenticator.js';
import type { Principal } from '../../auth/principal.js';
import { PrincipalRates } from '../../limits/principal-rates.js';
import { WorkInFlight } from '../../limits/work-in-flight.js';
import { STREAM_LIMITS, type StreamLimits } from '../../limits/stream-limits.js';
import { createGatewayMetrics } from '../../observability/gateway-metrics.js';
import { createLogger, type Logger } from '../../observability/logger.js';
import type { RequestContext } from '../../resolvers/context.js';
import { createApolloServer } from '../../server/apollo.js';
import { CurrentRuntime } from '../../server/current-runtime.js';
import { createHealth } from '../../server/health.js';
import { createHttpServer, type HttpServer } from '../../server/http-server.js';

export interface StreamServer {
  readonly url: string;
  readonly http: HttpServer;
  readonly metrics: MetricsRegistry;
  close(): Promise<void>;
}

export interface StreamServerOptions {
  readonly logger?: Logger;
  readonly limits?: Partial<StreamLimits>;
  readonly corsOrigins?: readonly string[];
  readonly maxQueryCost?: number;
  readonly isIntrospectionAllowed?: boolean;
  readonly authenticator?: Authenticator;
  readonly maxRequestsPerSecond?: number;
  readonly createContext?: (requestId: string, principal: Principal) => RequestContext;
}

/** The gateway's transports over a schema of a test's own, for what no real field does: break, or give without end. */
export async function startStreamServer(
  schema: GraphQLSchema,
  options: StreamServerOptions = {},
): Promise<StreamServer> {
  const logger = options.logger ?? createLogger('silent');
  const metricsRegistry = new MetricsRegistry();
  const metrics = createGatewayMetrics(metricsRegistry);
  const work = new WorkInFlight();
  const apollo = createApolloServer({
    schema,
    logger,
    metrics,
    maxQueryCost: options.maxQueryCost ?? 1000,
    maxResponseBytes: 1_048_576,
    work,
    isIntrospectionAllowed: options.isIntrospectionAllowed ?? false,
  });
  await apollo.start();
  const http = createHttpServer({
    runtime: new CurrentRuntime({
      schema,
      apollo,
      createContext:
        options.createContext ??
        ((requestId, principal) => ({ requestId, principal, audit: NO_AUDIT_TRAIL }) as unknown as RequestContext),
    }),
    health: createHealth(async () => true),
    logger,
    metrics,
    maxBodyBytes: 100_000,
    work,
    corsOrigins: options.corsOrigins ?? [],
    page: null,
    authenticator: options.authenticator ?? OPEN_AUTHENTICATOR,
    rates: new PrincipalRates({ maxRequestsPerSecond: options.maxRequestsPerSecond ?? null, maxRowsPerSecond: null }),
    streamLimits: { ...STREAM_LIMITS, ...options.limits },
  });
  http.server.listen(0, '127.0.0.1');
  await once(http.server, 'listening');
  return {
    url: `http://127.0.0.1:${(http.server.address() as AddressInfo).port}/graphql`,
    http,
    metrics: metricsRegistry,
    close: async () => {
      http.server.close();
      http.cutOff();
      await apollo.stop();
    },
  };
}

type Source = GraphQLFieldResolver<unknown, RequestContext>;

/** A schema whose subscriptions come from these sources; an event is the value of its field. */
export function streamSchema(sdl: string, sources: Readonly<Record<string, Source>>): GraphQLSchema {
  const schema = buildSchema(sdl);
  for (const [name, subscribe] of Object.entries(sources)) {
    const field = schema.getSubscriptionType()!.getFields()[name]!;
    field.subscribe = subscribe;
    field.resolve = (event) => (typeof event === 'function' ? (event as () => unknown)() : event);
  }
  return schema;
}

/** A source that never gives anything. Counts who waits for it, so that a test sees them come and go. */
export class NeverEnding {
  waiting = 0;

  readonly subscribe = (): AsyncIterableIterator<never, undefined> => {
    this.waiting += 1;
    const left = Promise.withResolvers<IteratorReturnResult<undefined>>();
    const source: AsyncIterableIterator<never, undefined> = {
      next: () => left.promise,
      return: async () => {
        this.waiting -= 1;
        left.resolve({ done: true, value: undefined });
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => source,
    };
    return source;
  };
}
